import { type MouseEvent, useState } from "react";

import css from "./overlay.module.css";

/**
 * What a drawing says at a place, and what a click there does: a canvas and a path have no elements of their own that a Tip or a link
 * could wrap. For the mouse alone: whatever is said or done here must be found on the page in another way.
 */
export function useHover(said: (event: MouseEvent) => string, act: (event: MouseEvent) => void) {
  const [at, setAt] = useState<{ x: number; y: number; text: string } | null>(null);
  const move = (event: MouseEvent) => {
    const text = said(event);
    setAt(text ? { x: event.clientX, y: event.clientY, text } : null);
  };
  const left = at !== null && at.x > window.innerWidth - 320;
  const up = at !== null && at.y > window.innerHeight - 120;
  return {
    over: at !== null,
    events: { onPointerMove: move, onPointerLeave: () => setAt(null), onClick: act },
    tip: at && (
      <div
        className={`${css.tip} ${css.hover}`}
        aria-hidden
        style={{ left: at.x, top: at.y, transform: `translate(${left ? "calc(-100% - 10px)" : "12px"}, ${up ? "calc(-100% - 8px)" : "14px"})` }}
      >
        {at.text}
      </div>
    ),
  };
}
