import type { State } from "@/model/states";

import type { Colors } from "./colors";

// The states' shapes of ui/glyph.tsx for canvases, 14 by 14.

const path = (text: string) => new Path2D(text);
const circle = (r: number) => {
  const round = new Path2D();
  round.arc(7, 7, r, 0, 7);
  return round;
};

interface Part {
  path: Path2D;
  color: "solid" | "glyph";
  width?: number;
  alpha?: number;
  dash?: number[];
}

let shapes: Record<State, Part[]> | null = null;

function make(): Record<State, Part[]> {
  const disc: Part = { path: circle(6.4), color: "solid" };
  const ring = (width: number, more: Partial<Part> = {}): Part => ({ path: circle(5.7), color: "solid", width, ...more });
  const cross = path("M4.8 4.8l4.4 4.4M9.2 4.8L4.8 9.2");
  const three = new Path2D();
  for (const x of [4, 7, 10]) {
    three.moveTo(x + 1.1, 7);
    three.arc(x, 7, 1.1, 0, 7);
  }
  const running: Part[] = [
    { path: circle(5.6), color: "solid", width: 1.9, alpha: 0.3 }, { path: path("M7 1.4A5.6 5.6 0 1 1 1.4 7"), color: "solid", width: 1.9 }, { path: circle(2), color: "solid" },
  ];
  const half: Part[] = [ring(1.6), { path: path("M7 2.8a4.2 4.2 0 0 1 0 8.4z"), color: "solid" }];
  return {
    success: [disc, { path: path("M4.2 7.2l2 2 3.7-4.1"), color: "glyph", width: 1.6 }],
    running,
    restarting: running,
    failed: [{ path: path("M4.4 .9h5.2l3.5 3.5v5.2l-3.5 3.5H4.4L.9 9.6V4.4z"), color: "solid" }, { path: cross, color: "glyph", width: 1.6 }],
    upstream_failed: [
      { path: path("M4.7 1.6h4.6l3.1 3.1v4.6l-3.1 3.1H4.7L1.6 9.3V4.7z"), color: "solid", width: 1.6 }, { path: path("M5.2 5.2l3.6 3.6M8.8 5.2L5.2 8.8"), color: "solid", width: 1.5 },
    ],
    up_for_retry: [disc, { path: path("M9.9 7.2A2.9 2.9 0 1 1 9 4.9"), color: "glyph", width: 1.4 }, { path: path("M9.5 2.9v2.3H7.2"), color: "glyph", width: 1.4 }],
    queued: [disc, { path: three, color: "glyph" }],
    deferred: half,
    up_for_reschedule: half,
    skipped: [ring(1.5), { path: path("M4.4 4.9L6.5 7 4.4 9.1M7.4 4.9L9.5 7 7.4 9.1"), color: "solid", width: 1.3 }],
    scheduled: [ring(1.5, { dash: [2.3, 1.9] }), { path: path("M7 4.2V7l1.8 1.2"), color: "solid", width: 1.3 }],
    removed: [{ path: circle(4.6), color: "solid", width: 1.4 }, { path: path("M4.6 7h4.8"), color: "solid", width: 1.4 }],
    none: [{ path: circle(4.6), color: "solid", width: 1.4 }],
  };
}

/** Draws the state's shape with its left top at x, y of the context. */
export function drawGlyph(context: CanvasRenderingContext2D, state: State, x: number, y: number, colors: Colors): void {
  shapes ??= make();
  context.save();
  context.translate(x, y);
  context.lineCap = "round";
  context.lineJoin = "round";
  const alpha = context.globalAlpha;
  for (const part of shapes[state]) {
    context.globalAlpha = alpha * (part.alpha ?? 1);
    const color = colors.states[state][part.color];
    if (part.width) {
      context.setLineDash(part.dash ?? []);
      context.lineWidth = part.width;
      context.strokeStyle = color;
      context.stroke(part.path);
    } else {
      context.fillStyle = color;
      context.fill(part.path);
    }
  }
  context.restore();
}
