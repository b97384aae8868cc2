import type { LaneBar } from "@/model/overview";
import { type Mark, marksOf, type MarkState, type Scale, type TimeTick, xOf } from "@/model/timeline";
import { token } from "@/ui/theme";

// Draws the lanes of the overview's timeline that are on the screen.

export const LANE_HEIGHT = 24;
const BAR_TOP = 5;
const BAR_HEIGHT = 13;

export interface Colors {
  line: string;
  plan: string;
  ink: string;
  states: Record<Exclude<MarkState, "planned">, string>;
}

export function lanesColors(): Colors {
  return {
    line: token("--line"), plan: token("--edge"), ink: token("--ink"),
    states: { success: token("--success"), failed: token("--failed"), running: token("--running"), queued: token("--queued") },
  };
}

function drawMark(pen: CanvasRenderingContext2D, { x, w, state }: Mark, top: number, colors: Colors): void {
  pen.beginPath();
  if (state === "planned") {
    pen.setLineDash([2, 2]);
    pen.strokeStyle = colors.plan;
    pen.roundRect(x + 0.5, top + 0.5, Math.max(2, w - 1), BAR_HEIGHT - 1, 2);
    pen.stroke();
    pen.setLineDash([]);
    return;
  }
  pen.fillStyle = colors.states[state];
  pen.globalAlpha = state === "success" ? 0.82 : 1;
  pen.roundRect(x, top, w, BAR_HEIGHT, Math.min(3, w / 2));
  pen.fill();
  pen.globalAlpha = 1;
}

export interface LanesView {
  /** The lanes that are shown, from the first. */
  lanes: readonly { bars: readonly LaneBar[] }[];
  scale: Scale;
  height: number;
  ticks: readonly TimeTick[];
  now: number;
}

/** The canvas is as wide as the scale and `height` high; sizes are CSS pixels. */
export function drawLanes(canvas: HTMLCanvasElement, { lanes, scale, height, ticks, now }: LanesView, colors: Colors): void {
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.round(scale.width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, scale.width, height);
  pen.fillStyle = colors.line;
  pen.globalAlpha = 0.7;
  for (const tick of ticks) pen.fillRect(Math.round(tick.x), 0, 1, height);
  pen.globalAlpha = 1;
  for (let i = 0; i < lanes.length; i += 1) pen.fillRect(0, (i + 1) * LANE_HEIGHT - 1, scale.width, 1);
  lanes.forEach(({ bars }, index) => {
    for (const mark of marksOf(bars, scale, now)) drawMark(pen, mark, index * LANE_HEIGHT + BAR_TOP, colors);
  });
  pen.fillStyle = colors.ink;
  pen.fillRect(Math.round(xOf(scale, now)) - 0.5, 0, 1.5, height);
}
