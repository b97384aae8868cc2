// The states of runs and task instances: Airflow's words, in the order of the grid's nibble (docs/ui-api.md).

export const STATES = [
  "none", "scheduled", "queued", "running", "success", "failed", "up_for_retry", "up_for_reschedule",
  "upstream_failed", "skipped", "removed", "restarting", "deferred",
] as const;
export type State = (typeof STATES)[number];

const WORDS: Record<State, string> = {
  none: "No status", scheduled: "Scheduled", queued: "Queued", running: "Running", success: "Success",
  failed: "Failed", up_for_retry: "Up for retry", up_for_reschedule: "Up for reschedule",
  upstream_failed: "Upstream failed", skipped: "Skipped", removed: "Removed", restarting: "Restarting",
  deferred: "Deferred",
};

/** The token of its colours: three states that are rare share one with the state they resemble. */
const TONES = {
  none: "none", scheduled: "scheduled", queued: "queued", running: "running", success: "success",
  failed: "failed", up_for_retry: "up_for_retry", up_for_reschedule: "deferred",
  upstream_failed: "upstream_failed", skipped: "skipped", removed: "none", restarting: "running",
  deferred: "deferred",
} as const;
export type Tone = (typeof TONES)[State];

/** What the API calls null or a word it learned later is `none` here. */
export function toState(word: string | null | undefined): State {
  return (STATES as readonly string[]).includes(word ?? "none") ? ((word ?? "none") as State) : "none";
}

export function wordOf(state: State): string {
  return WORDS[state];
}

export function toneOf(state: State): Tone {
  return TONES[state];
}

/** Whether nothing more happens to it by itself. */
export function isFinal(state: State): boolean {
  return ["success", "failed", "upstream_failed", "skipped", "removed"].includes(state);
}

/** Most in need of eyes first; for a group's or a fold's one glyph. */
const URGENCY: readonly State[] = [
  "failed", "upstream_failed", "up_for_retry", "restarting", "running", "deferred", "up_for_reschedule", "queued",
  "scheduled", "none", "success", "skipped", "removed",
];

const RANKS = Object.fromEntries(URGENCY.map((state, index) => [state, URGENCY.length - index])) as Record<State, number>;

/** The more, the more it needs eyes. */
export function urgencyOf(state: State): number {
  return RANKS[state];
}

export function worstOf(states: Iterable<State>): State {
  let worst = URGENCY.length;
  for (const state of states) worst = Math.min(worst, URGENCY.indexOf(state));
  return URGENCY[worst] ?? "none";
}
