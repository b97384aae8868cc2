import type { LastRun, UiDag } from "./overview";
import { isOnData } from "./schedule_words";

// Cells of the list of DAGs.

/** `+6%`, `±0%`, `×4.6`; null where too few runs say anything. `trend`: the newer third of the last runs to the rest, 1 as ever. */
export function trendWords(trend: number | null): { text: string; slower: boolean } | null {
  if (trend === null) return null;
  const percent = Math.round((trend - 1) * 100);
  if (percent >= 200) return { text: `×${trend.toFixed(trend < 9.95 ? 1 : 0)}`, slower: true };
  const text = percent === 0 ? "±0%" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)}%`;
  return { text, slower: percent > 10 };
}

/** What stands where the next run's time would, when there is none. */
export function noNextRun(dag: Pick<UiDag, "is_paused" | "schedule_text">): string {
  if (dag.is_paused) return "paused";
  return isOnData(dag.schedule_text) ? "on data" : "none";
}

export const BAR_WIDTH = 4;
export const BAR_STEP = 5.5;
export const BARS_HEIGHT = 22;
const LOWEST = 5;

export interface RunBar {
  x: number;
  height: number;
  state: LastRun["state"];
}

/** A bar a run, as high as it took long, the newest at the right end of `slots` places. */
export function runBars(runs: readonly LastRun[], now: number, slots = 30): RunBar[] {
  const shown = runs.slice(-slots);
  const seconds = shown.map((run) => run.duration_s ?? (run.start && run.state === "running" ? (now - Date.parse(run.start)) / 1000 : 0));
  const longest = Math.max(...seconds, 0);
  return shown.map((run, index) => ({
    x: (slots - shown.length + index) * BAR_STEP,
    height: longest > 0 ? Math.round(LOWEST + (BARS_HEIGHT - LOWEST) * Math.min(1, Math.max(0, seconds[index]!) / longest)) : LOWEST,
    state: run.state,
  }));
}

/** One path for all bars of a state: a few elements a row instead of thirty. */
export function pathOf(bars: readonly RunBar[]): string {
  return bars.map(({ x, height }) => `M${x} ${BARS_HEIGHT}v${1 - height}q0-1 1-1h${BAR_WIDTH - 2}q1 0 1 1v${height - 1}z`).join("");
}

/** `30 runs: 28 success, 2 failed`. */
export function runsSentence(runs: readonly LastRun[]): string {
  if (!runs.length) return "no runs yet";
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(run.state, (counts.get(run.state) ?? 0) + 1);
  const parts = ["success", "failed", "running", "queued"].filter((state) => counts.has(state)).map((state) => `${counts.get(state)} ${state}`);
  return `${runs.length} ${runs.length === 1 ? "run" : "runs"}: ${parts.join(", ")}`;
}

/** `raw #gpu @anna`: words are parts of the name, those with # are tags, those with @ owners. */
export function parseFilter(text: string): { q: string; tags: string[]; owners: string[] } {
  const words = text.trim().split(/\s+/).filter(Boolean);
  const after = (sign: string) => words.filter((word) => word.startsWith(sign) && word.length > 1).map((word) => word.slice(1));
  return { q: words.filter((word) => !/^[#@]/.test(word)).join(" "), tags: after("#"), owners: after("@") };
}

/** The text of such a filter, with one word more or less. */
export function flipWord(text: string, word: string): string {
  const words = text.trim().split(/\s+/).filter(Boolean);
  return (words.includes(word) ? words.filter((each) => each !== word) : [...words, word]).join(" ");
}
