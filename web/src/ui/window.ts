import { type RefObject, useLayoutEffect, useState } from "react";

const SPARE = 8; // rows beyond either edge, so that a quick scroll shows no gap

export interface Seen {
  first: number;
  /** One past the last. */
  end: number;
  width: number;
  height: number;
}

/**
 * Which rows of equal height a scrolling element shows, and its size: lists of any length draw these alone. `above`: pixels over
 * the first row that scroll with the rows or stick to the top.
 */
export function useWindow(box: RefObject<HTMLElement | null>, rows: number, rowHeight: number, above = 0): Seen {
  const [seen, setSeen] = useState({ top: 0, width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    let frame = 0;
    const look = () => {
      frame = 0;
      setSeen({ top: element.scrollTop, width: element.clientWidth, height: element.clientHeight });
    };
    const soon = () => {
      frame ||= requestAnimationFrame(look);
    };
    const sizes = new ResizeObserver(soon);
    sizes.observe(element);
    element.addEventListener("scroll", soon, { passive: true });
    look();
    return () => {
      sizes.disconnect();
      cancelAnimationFrame(frame);
      element.removeEventListener("scroll", soon);
    };
  }, [box]);
  const first = Math.max(0, Math.floor((seen.top - above) / rowHeight) - SPARE);
  const end = Math.min(rows, Math.ceil((seen.top - above + seen.height) / rowHeight) + SPARE);
  return { first: Math.min(first, rows), end: Math.max(0, end), width: seen.width, height: seen.height };
}

/** Scrolls no further than needed for the row to be seen. */
export function scrollToRow(element: HTMLElement | null, index: number, rowHeight: number, above = 0): void {
  if (!element || index < 0) return;
  const top = index * rowHeight;
  const room = element.clientHeight - above;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + rowHeight > element.scrollTop + room) element.scrollTop = top + rowHeight - room;
}
