import { type PointerEvent, useEffect, useLayoutEffect, useRef } from "react";

import css from "./log_view.module.css";
import { token, useTheme } from "./theme";

export interface StripMark {
  /** Share of the whole. */
  at: number;
  kind: "warning" | "error" | "match";
}
interface Props {
  marks: readonly StripMark[];
  /** What is in the view: shares of the whole. */
  top: number;
  bottom: number;
  onShare: (share: number) => void;
}

const WIDTH = 13;
const LEAST_THUMB = 18;
const COLOURS = { match: "--ink-3", warning: "--up_for_retry", error: "--failed" } as const;

/** The strip at the log's right: where warnings, errors and matches are, and where the reader is. It is the scroll bar too. */
export function LogStrip({ marks, top, bottom, onShare }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const grabbed = useRef<number | null>(null);
  const height = useRef(0);

  const thumb = () => {
    const all = height.current;
    const size = Math.max(LEAST_THUMB, (bottom - top) * all);
    return { size, at: Math.min(all - size, top * all) };
  };

  useLayoutEffect(() => {
    const surface = canvas.current;
    const around = box.current;
    if (!surface || !around) return;
    const draw = () => {
      const ratio = window.devicePixelRatio || 1;
      const all = around.clientHeight;
      height.current = all;
      surface.width = WIDTH * ratio;
      surface.height = all * ratio;
      const context = surface.getContext("2d");
      if (!context) return;
      context.scale(ratio, ratio);
      context.fillStyle = token("--ink-3");
      context.globalAlpha = 0.1;
      context.beginPath();
      context.roundRect(2, 0, 9, all, 4);
      context.fill();
      // The same pixel row is painted once, whatever is there: the worse last.
      for (const kind of ["match", "warning", "error"] as const) {
        context.globalAlpha = kind === "match" ? 0.7 : 1;
        context.fillStyle = token(COLOURS[kind]);
        let painted = -1;
        for (const mark of marks) {
          if (mark.kind !== kind) continue;
          const y = Math.round(mark.at * (all - 2));
          if (y === painted) continue;
          painted = y;
          context.fillRect(3, y, 7, 2);
        }
      }
      const { size, at } = thumb();
      context.globalAlpha = 0.28;
      context.fillStyle = token("--ink-3");
      context.beginPath();
      context.roundRect(2, at, 9, size, 4);
      context.fill();
    };
    draw();
    const watch = new ResizeObserver(draw);
    watch.observe(around);
    return () => watch.disconnect();
  }, [marks, top, bottom, theme]);

  useEffect(() => () => {
    grabbed.current = null;
  }, []);

  const drag = (event: PointerEvent) => {
    if (grabbed.current === null || !box.current) return;
    const { size } = thumb();
    const y = event.clientY - box.current.getBoundingClientRect().top - grabbed.current;
    onShare(y / Math.max(1, height.current - size));
  };
  const grab = (event: PointerEvent) => {
    if (!box.current) return;
    const y = event.clientY - box.current.getBoundingClientRect().top;
    const { size, at } = thumb();
    grabbed.current = y >= at && y <= at + size ? y - at : size / 2;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault();
    drag(event);
  };
  return (
    <div
      ref={box}
      className={css.strip}
      aria-hidden
      onPointerDown={grab}
      onPointerMove={drag}
      onPointerUp={() => (grabbed.current = null)}
      onPointerCancel={() => (grabbed.current = null)}
    >
      <canvas ref={canvas} style={{ width: WIDTH, height: "100%" }} />
    </div>
  );
}
