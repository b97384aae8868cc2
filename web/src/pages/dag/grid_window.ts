import { useCallback, useLayoutEffect, useRef, useState } from "react";

import { PITCH_X, PITCH_Y, type Span } from "@/canvas/grid_canvas";

// Which part of a large grid is drawn: what is seen and a little around it, so that scrolling moves what is there already.

export const LABELS = 196;
export const HEAD = 112;
export const END = 10;

/** A row and a column, or -1. */
export interface Spot {
  row: number;
  column: number;
}

export interface Pitch {
  x: number;
  y: number;
}

/** Cells as they are, or all of them in the space that there is: a pixel each at least. */
export function pitchOf(whole: boolean, size: { width: number; height: number }, rows: number, columns: number, below: number): Pitch {
  if (!whole || !rows || !columns) return { x: PITCH_X, y: PITCH_Y };
  const ratio = typeof window === "undefined" ? 1 : window.devicePixelRatio || 1;
  const fit = (space: number, count: number, most: number) => Math.min(most, Math.max(1, Math.floor((space / count) * ratio) / ratio));
  return { x: fit(size.width - LABELS - END, columns, PITCH_X), y: fit(size.height - HEAD - below - 4, rows, PITCH_Y) };
}

function around(count: number, from: number, to: number, more: number): [number, number] {
  return [Math.max(0, Math.min(count, Math.floor(from) - more)), Math.max(0, Math.min(count, Math.ceil(to) + more))];
}

/** What of the grid is seen in the box, with so many pixels around. */
export function spanOf(box: Pick<HTMLElement, "scrollTop" | "scrollLeft" | "clientWidth" | "clientHeight">, pitch: Pitch, rows: number, columns: number, more: number): Span {
  const [top, bottom] = around(rows, box.scrollTop / pitch.y, (box.scrollTop + box.clientHeight - HEAD) / pitch.y, Math.ceil(more / pitch.y));
  const [left, right] = around(columns, box.scrollLeft / pitch.x, (box.scrollLeft + box.clientWidth - LABELS) / pitch.x, Math.ceil(more / pitch.x));
  return { top, bottom, left, right };
}

const MORE = 120;
/** A picture of small cells up to so many pixels is drawn once, whole: scrolling it costs nothing. */
const WHOLE_PIXELS = 4_000_000;

/** Pixels around what is seen that are drawn, too. */
function moreOf(pitch: Pitch, rows: number, columns: number): number {
  const small = pitch.x < PITCH_X || pitch.y < PITCH_Y;
  return small && rows * pitch.y * columns * pitch.x <= WHOLE_PIXELS ? Infinity : MORE;
}

/** Scrolls as far as the cell needs to be seen. */
function show(box: HTMLElement, spot: Spot, pitch: Pitch): void {
  const [top, left] = [spot.row * pitch.y, spot.column * pitch.x];
  const [height, width] = [box.clientHeight - HEAD, box.clientWidth - LABELS - END];
  if (spot.row >= 0 && top < box.scrollTop) box.scrollTop = top;
  else if (spot.row >= 0 && top + pitch.y > box.scrollTop + height) box.scrollTop = top + pitch.y - height;
  if (spot.column >= 0 && left < box.scrollLeft) box.scrollLeft = left;
  else if (spot.column >= 0 && left + pitch.x > box.scrollLeft + width) box.scrollLeft = left + pitch.x - width;
}

interface Asked {
  rows: number;
  columns: number;
  whole: boolean;
  /** Pixels below the rows. */
  below: number;
  spot: Spot;
  /** The first run's name: another one means another window of history. */
  oldest: string;
}

export function useWindow({ rows, columns, whole, below, spot, oldest }: Asked) {
  const element = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const pitch = pitchOf(whole, size, rows, columns, below);
  const [span, setSpan] = useState<Span>({ top: 0, bottom: 0, left: 0, right: 0 });
  const look = useCallback((anew = false) => {
    const box = element.current;
    if (!box) return;
    const seen = spanOf(box, pitch, rows, columns, 0);
    setSpan((held) => {
      const covered = held.top <= seen.top && held.bottom >= seen.bottom && held.left <= seen.left && held.right >= seen.right;
      return covered && !anew && held.bottom <= rows && held.right <= columns ? held : spanOf(box, pitch, rows, columns, moreOf(pitch, rows, columns));
    });
  }, [pitch.x, pitch.y, rows, columns]);
  const newest = useRef(look);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    const measure = () => setSize({ width: box.clientWidth, height: box.clientHeight });
    const watch = new ResizeObserver(() => {
      measure();
      newest.current(true);
    });
    watch.observe(box);
    measure();
    const onScroll = () => {
      atEnd.current = box.scrollLeft + box.clientWidth >= box.scrollWidth - 2;
      newest.current();
    };
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      watch.disconnect();
      box.removeEventListener("scroll", onScroll);
    };
  }, []);
  // The newest runs stay in sight when more come; the chosen cell does when it moves.
  useLayoutEffect(() => {
    if (atEnd.current && element.current) element.current.scrollLeft = element.current.scrollWidth;
  }, [columns, oldest, pitch.x]);
  useLayoutEffect(() => {
    if (element.current) show(element.current, spot, pitch);
  }, [spot.row, spot.column, pitch.x, pitch.y]);
  useLayoutEffect(() => {
    newest.current = look;
    look(true);
  }, [look]);
  const page = Math.max(1, Math.floor((size.height - HEAD) / pitch.y) - 1);
  return { element, pitch, page, span: { top: span.top, bottom: Math.min(span.bottom, rows), left: span.left, right: Math.min(span.right, columns) } };
}
