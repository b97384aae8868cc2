import { memo, type PointerEvent, useLayoutEffect, useRef, useState } from "react";

import { ROW_PX } from "@/model/log_scroll";

import { useTold } from "./log_hooks";
import type { LogScroller } from "./log_scroller";
import css from "./log_view.module.css";
import { token, useTheme } from "./theme";

export interface StripMark {
  /** Share of the whole. */
  at: number;
  kind: "warning" | "error" | "match";
}

const WIDTH = 13;
const LEAST_THUMB = 18;
const COLOURS = { match: "--ink-3", warning: "--up_for_retry", error: "--failed" } as const;

/** Painted when the marks change, and not while the reader scrolls. */
const Marks = memo(function Marks({ marks, height }: { marks: readonly StripMark[]; height: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  useLayoutEffect(() => {
    const surface = canvas.current;
    const context = surface?.getContext("2d");
    if (!surface || !context || height <= 0) return;
    const ratio = window.devicePixelRatio || 1;
    surface.width = WIDTH * ratio;
    surface.height = height * ratio;
    context.scale(ratio, ratio);
    // One mark a row of pixels, the worse on top.
    for (const kind of ["match", "warning", "error"] as const) {
      context.globalAlpha = kind === "match" ? 0.7 : 1;
      context.fillStyle = token(COLOURS[kind]);
      let painted = -1;
      for (const mark of marks) {
        const y = Math.round(mark.at * (height - 2));
        if (mark.kind !== kind || y === painted) continue;
        painted = y;
        context.fillRect(3, y, 7, 2);
      }
    }
  }, [marks, height, theme]);
  return <canvas ref={canvas} />;
});

/** The strip at the log's right: where warnings, errors and matches are, and where the reader is. It is the scroll bar too. */
export function LogStrip({ marks, scroller }: { marks: readonly StripMark[]; scroller: LogScroller }) {
  useTold(scroller);
  const box = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(0);
  const grabbed = useRef<number | null>(null);
  useLayoutEffect(() => {
    const around = box.current;
    if (!around) return;
    const watch = new ResizeObserver(() => setHeight(around.clientHeight));
    watch.observe(around);
    return () => watch.disconnect();
  }, []);

  const { count, view } = scroller;
  const size = count ? Math.min(height, Math.max(LEAST_THUMB, (view / ROW_PX / count) * height)) : height;
  const top = scroller.share * (height - size);
  const place = (event: PointerEvent) => event.clientY - box.current!.getBoundingClientRect().top;
  const drag = (event: PointerEvent) => {
    if (grabbed.current !== null) scroller.toShare((place(event) - grabbed.current) / Math.max(1, height - size));
  };
  const grab = (event: PointerEvent) => {
    const y = place(event);
    grabbed.current = y >= top && y <= top + size ? y - top : size / 2;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault();
    drag(event);
  };
  const release = () => {
    grabbed.current = null;
  };
  return (
    <div ref={box} className={css.strip} aria-hidden onPointerDown={grab} onPointerMove={drag} onPointerUp={release} onPointerCancel={release}>
      <Marks marks={marks} height={height} />
      {size < height && <i className={css.thumb} style={{ height: size, transform: `translateY(${top}px)` }} />}
    </div>
  );
}
