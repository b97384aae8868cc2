import type { Dated } from "./backfill_calendar";
import type { ItemState } from "./backfill_states";
import { instant } from "./time";

/** `GET backfills/{id}/dagRuns`: a letter a date. */
export interface MatrixAnswer {
  first_date: string | null;
  step_seconds: number | null;
  dates: string[] | null;
  cells: string;
  letters: Record<string, ItemState>;
}

/** The dates of a backfill with their states, ascending. */
export function datesOf({ first_date, step_seconds, dates, cells, letters }: MatrixAnswer): Dated<ItemState>[] {
  const first = instant(first_date) ?? 0;
  return Array.from(cells, (letter, index) => ({
    at: step_seconds === null ? (instant(dates?.[index]) ?? 0) : first + index * step_seconds * 1000,
    kind: letters[letter] ?? "queued",
  }));
}

function indexOf({ first_date, step_seconds, dates }: MatrixAnswer, at: number): number {
  if (step_seconds !== null) {
    const index = (at - (instant(first_date) ?? 0)) / (step_seconds * 1000);
    return Number.isInteger(index) ? index : -1;
  }
  let [low, high] = [0, dates?.length ?? 0];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instant(dates![middle]) ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return instant(dates?.[low]) === at ? low : -1;
}

/** A run's state says its date's; one that waits for its turn counts as running, as in the daemon's counts. */
function itemOf(state: string): ItemState | null {
  switch (state) {
    case "queued":
    case "running": return "running";
    case "success": return "success";
    case "failed": return "failed";
    default: return null;
  }
}

/** The matrix after what the stream told of runs. The same object where nothing of it changed. */
export function patchMatrix<M extends MatrixAnswer>(before: M, runs: readonly { execution_date: string | null; state: string }[]): M {
  const letterOf = new Map(Object.entries(before.letters).map(([letter, state]) => [state, letter]));
  let cells: string[] | null = null;
  for (const run of runs) {
    const at = instant(run.execution_date);
    const state = itemOf(run.state);
    const letter = state && letterOf.get(state);
    if (at === null || !letter) continue;
    const index = indexOf(before, at);
    if (index < 0 || index >= before.cells.length || (cells?.[index] ?? before.cells[index]) === letter) continue;
    cells ??= Array.from(before.cells);
    cells[index] = letter;
  }
  return cells ? { ...before, cells: cells.join("") } : before;
}

export interface Month {
  year: number;
  month: number;
  counts: Partial<Record<ItemState, number>>;
  total: number;
  done: number;
  from: number;
  to: number;
}

/** By month of the DAG's zone. `partsOf` is passed in since only a month's edges need the calendar. */
export function monthsOf(dates: readonly Dated<ItemState>[], partsOf: (at: number) => { year: number; month: number }, edge: (year: number, month: number) => number): Month[] {
  const out: Month[] = [];
  let until = -Infinity;
  for (const { at, kind } of dates) {
    if (at >= until) {
      const { year, month } = partsOf(at);
      until = edge(year, month + 1);
      out.push({ year, month, counts: {}, total: 0, done: 0, from: at, to: at });
    }
    const last = out.at(-1)!;
    last.counts[kind] = (last.counts[kind] ?? 0) + 1;
    last.total += 1;
    last.to = at;
    if (kind !== "queued" && kind !== "running") last.done += 1;
  }
  return out;
}
