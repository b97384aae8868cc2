import type { Action } from "@/model/backfill_plan";
import type { ItemState } from "@/model/backfill_states";

import type { Paint } from "./calendar";

const round = { fill: "none", stroke: "currentColor", strokeLinecap: "round", strokeLinejoin: "round" } as const;
const PLUS = <path d="M5 1.5v7M1.5 5h7" strokeWidth="1.5" {...round} />;
const AGAIN = <path d="M8.4 5.6A3.5 3.5 0 1 1 7.5 2.7M7.9 .8v2.3H5.6" strokeWidth="1.3" {...round} />;
const CROSS = <path d="M2.2 2.2l5.6 5.6M7.8 2.2L2.2 7.8" strokeWidth="1.6" {...round} />;
const RING = <><circle cx="5" cy="5" r="3.6" strokeWidth="1.5" strokeOpacity=".4" {...round} /><path d="M5 1.4A3.6 3.6 0 1 1 1.4 5" strokeWidth="1.5" {...round} /></>;
const SKIP = <path d="M2 2.2L4.8 5 2 7.8M5.2 2.2L8 5 5.2 7.8" strokeWidth="1.4" {...round} />;
const BAR = <path d="M2 5h6" strokeWidth="1.6" {...round} />;

/** What would happen to a date. */
export const ACTION_PAINT: Record<Action, Paint> = {
  create: { fill: "var(--ink-2)", ink: "var(--bg)", mark: PLUS },
  rerun: { fill: "var(--up_for_retry)", ink: "var(--up_for_retry-g)", mark: AGAIN },
  skip: { fill: "var(--success)", opacity: 0.26, ink: "var(--ink-2)" },
  running: { fill: "var(--running-b)", line: "var(--running)", ink: "var(--running-t)", mark: RING },
  blocked: { line: "var(--failed)", dash: true, ink: "var(--failed-t)", mark: CROSS },
};

/** What became of a date. */
export const ITEM_PAINT: Record<ItemState, Paint> = {
  success: { fill: "var(--success)", opacity: 0.84, ink: "var(--success-g)" },
  failed: { fill: "var(--failed)", ink: "var(--failed-g)", mark: CROSS },
  skipped: { fill: "var(--skipped-b)", line: "var(--skipped)", ink: "var(--skipped-t)", mark: SKIP },
  cancelled: { line: "var(--edge)", ink: "var(--ink-3)", mark: BAR },
  running: { fill: "var(--running-b)", line: "var(--running)", ink: "var(--running-t)", mark: RING },
  queued: { line: "var(--edge)", dash: true, ink: "var(--ink-3)" },
};
