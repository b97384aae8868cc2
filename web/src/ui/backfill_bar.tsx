import { type Counts, itemTone, sharesOf, sharesText } from "@/model/backfill_states";

import { Bar } from "./surface";

/** What became of a backfill's dates; those that haven't started are its empty end. */
export function BackfillBar({ counts, width }: { counts: Counts; width?: number }) {
  const parts = sharesOf(counts).map(({ state, count }) => ({ value: count, color: state === "queued" ? "transparent" : `var(--${itemTone(state)})` }));
  return <Bar label={sharesText(counts)} parts={parts} {...(width === undefined ? {} : { width })} />;
}
