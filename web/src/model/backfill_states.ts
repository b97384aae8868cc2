import type { State } from "./states";

// A backfill and its dates have states of their own (docs/states.md); each is drawn as the run or task state that it resembles.

export const ITEM_STATES = ["success", "failed", "skipped", "cancelled", "running", "queued"] as const;
export type ItemState = (typeof ITEM_STATES)[number];

const ITEM: Record<ItemState, { word: string; glyph: State; tone: string }> = {
  success: { word: "Success", glyph: "success", tone: "success" },
  failed: { word: "Failed", glyph: "failed", tone: "failed" },
  skipped: { word: "Skipped", glyph: "skipped", tone: "skipped" },
  cancelled: { word: "Cancelled", glyph: "removed", tone: "edge" },
  running: { word: "Running", glyph: "running", tone: "running" },
  queued: { word: "Not started", glyph: "scheduled", tone: "scheduled" },
};

export const itemWord = (state: ItemState): string => ITEM[state].word;
export const itemGlyph = (state: ItemState): State => ITEM[state].glyph;
/** The token of its solid colour. */
export const itemTone = (state: ItemState): string => ITEM[state].tone;

/** Those that need eyes first, for a calendar day with several dates. */
export const ITEM_URGENCY: readonly ItemState[] = ["failed", "running", "cancelled", "queued", "skipped", "success"];

export const BACKFILL_STATES = ["queued", "running", "paused", "completed", "failed", "cancelled"] as const;
export type BackfillState = (typeof BACKFILL_STATES)[number];

const BACKFILL: Record<BackfillState, { word: string; glyph: State }> = {
  queued: { word: "Queued", glyph: "queued" },
  running: { word: "Running", glyph: "running" },
  paused: { word: "Paused", glyph: "deferred" },
  completed: { word: "Completed", glyph: "success" },
  failed: { word: "Failed", glyph: "failed" },
  cancelled: { word: "Cancelled", glyph: "removed" },
};

const known = (word: string): BackfillState => ((BACKFILL_STATES as readonly string[]).includes(word) ? (word as BackfillState) : "queued");
export const backfillWord = (state: string): string => BACKFILL[known(state)].word;
export const backfillGlyph = (state: string): State => BACKFILL[known(state)].glyph;

export type Counts = Record<ItemState, number> & { total: number };

/** How many dates are over, however they ended. */
export function doneOf(counts: Counts): number {
  return counts.success + counts.failed + counts.skipped + counts.cancelled;
}

/** Of several backfills taken together. */
export function sumOf(several: readonly Counts[]): Counts {
  const sum: Counts = { success: 0, failed: 0, skipped: 0, cancelled: 0, running: 0, queued: 0, total: 0 };
  for (const counts of several) for (const name of [...ITEM_STATES, "total"] as const) sum[name] += counts[name];
  return sum;
}

/** Non-zero shares in a fixed order; they sum to `total`. */
export function sharesOf(counts: Counts): { state: ItemState; count: number }[] {
  return ITEM_STATES.filter((state) => counts[state] > 0).map((state) => ({ state, count: counts[state] }));
}

/** `93 success, 3 failed, 4 running, 51 not started`: for a bar's label. */
export function sharesText(counts: Counts): string {
  return sharesOf(counts).map(({ state, count }) => `${count} ${itemWord(state).toLowerCase()}`).join(", ") || "no dates";
}

interface Told {
  state: string;
  is_paused?: boolean;
  counts: Counts;
}

/** A backfill after an event of it: a move has a new state, progress has new counts. */
export function patchBackfill<B extends Told>(before: B, event: { state: string; counts?: Record<string, number> }): B {
  const counts = event.counts ? { ...before.counts, ...event.counts } : before.counts;
  return { ...before, state: event.state as B["state"], counts, ...(before.is_paused === undefined ? {} : { is_paused: event.state === "paused" }) };
}
