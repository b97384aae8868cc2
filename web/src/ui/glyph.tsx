import type { ReactNode } from "react";

import { type State, toneOf, toState, wordOf } from "@/model/states";

const OCTAGON = "M4.4 .9h5.2l3.5 3.5v5.2l-3.5 3.5H4.4L.9 9.6V4.4z";

/** A shape for each state, so that colour is never the only sign (web-ui.md 2.4). */
function shape(state: State): ReactNode {
  const tone = toneOf(state);
  const solid = `var(--${tone})`;
  const mark = `var(--${tone}-g)`;
  const round = { strokeLinecap: "round", strokeLinejoin: "round" } as const;
  switch (state) {
    case "success":
      return <><circle cx="7" cy="7" r="6.4" fill={solid} /><path d="M4.2 7.2l2 2 3.7-4.1" stroke={mark} strokeWidth="1.6" {...round} /></>;
    case "running":
    case "restarting":
      return (
        <>
          <circle cx="7" cy="7" r="5.6" stroke={solid} strokeOpacity=".3" strokeWidth="1.9" />
          <path d="M7 1.4A5.6 5.6 0 1 1 1.4 7" stroke={solid} strokeWidth="1.9" {...round} />
          <circle cx="7" cy="7" r="2" fill={solid} />
        </>
      );
    case "failed":
      return <><path d={OCTAGON} fill={solid} /><path d="M4.8 4.8l4.4 4.4M9.2 4.8L4.8 9.2" stroke={mark} strokeWidth="1.6" {...round} /></>;
    case "upstream_failed":
      return (
        <>
          <path d="M4.7 1.6h4.6l3.1 3.1v4.6l-3.1 3.1H4.7L1.6 9.3V4.7z" stroke={solid} strokeWidth="1.6" />
          <path d="M5.2 5.2l3.6 3.6M8.8 5.2L5.2 8.8" stroke={solid} strokeWidth="1.5" {...round} />
        </>
      );
    case "up_for_retry":
      return (
        <>
          <circle cx="7" cy="7" r="6.4" fill={solid} />
          <path d="M9.9 7.2A2.9 2.9 0 1 1 9 4.9" stroke={mark} strokeWidth="1.4" {...round} />
          <path d="M9.5 2.9v2.3H7.2" stroke={mark} strokeWidth="1.4" {...round} />
        </>
      );
    case "queued":
      return (
        <>
          <circle cx="7" cy="7" r="6.4" fill={solid} />
          <g fill={mark}><circle cx="4" cy="7" r="1.1" /><circle cx="7" cy="7" r="1.1" /><circle cx="10" cy="7" r="1.1" /></g>
        </>
      );
    case "deferred":
    case "up_for_reschedule":
      return <><circle cx="7" cy="7" r="5.7" stroke={solid} strokeWidth="1.6" /><path d="M7 2.8a4.2 4.2 0 0 1 0 8.4z" fill={solid} /></>;
    case "skipped":
      return (
        <>
          <circle cx="7" cy="7" r="5.7" stroke={solid} strokeWidth="1.5" />
          <path d="M4.4 4.9L6.5 7 4.4 9.1M7.4 4.9L9.5 7 7.4 9.1" stroke={solid} strokeWidth="1.3" {...round} />
        </>
      );
    case "scheduled":
      return (
        <>
          <circle cx="7" cy="7" r="5.7" stroke={solid} strokeWidth="1.5" strokeDasharray="2.3 1.9" />
          <path d="M7 4.2V7l1.8 1.2" stroke={solid} strokeWidth="1.3" {...round} />
        </>
      );
    case "removed":
      return <><circle cx="7" cy="7" r="4.6" stroke="var(--edge)" strokeWidth="1.4" /><path d="M4.6 7h4.8" stroke="var(--edge)" strokeWidth="1.4" {...round} /></>;
    default:
      return <circle cx="7" cy="7" r="4.6" stroke="var(--edge)" strokeWidth="1.4" />;
  }
}

/** `label`: what a screen reader says; "" where the word stands beside it. */
export function Glyph({ state, size = 14, label }: { state: State | string | null | undefined; size?: number; label?: string }) {
  const known = toState(state);
  const said = label ?? wordOf(known);
  // The whole drawing turns, which looks the same: the compositor does that, while a turning path is painted anew each frame.
  const turns = toneOf(known) === "running";
  return (
    <svg width={size} height={size} viewBox="0 0 14 14" fill="none" className={turns ? "spin" : undefined} {...(said ? { role: "img", "aria-label": said } : { "aria-hidden": true })}>
      {shape(known)}
    </svg>
  );
}
