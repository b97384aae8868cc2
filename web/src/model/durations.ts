import type { Answer } from "@/api/client";

import { matches } from "./grid_rows";

// How long runs and tasks took, as lines over execution dates and as ranges.

export type Durations = Answer<"/api/v2/ui/dags/{dag_id}/durations">;
export type DurationRun = Durations["runs"][number];

/** What a line or a row is about: a task, or the whole run. No task is called so: ids have no blanks. */
export const WHOLE_RUN = "whole run";
export const MOST_LINES = 8;

export interface Range {
  id: string;
  p50: number | null;
  p90: number | null;
}

/** The smallest sample that at least `share` of them don't exceed: as the daemon counts. */
export function quantile(samples: readonly number[], share: number): number | null {
  if (!samples.length) return null;
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.trunc(share * sorted.length + 0.999999);
  return sorted[Math.max(1, Math.min(sorted.length, rank)) - 1]!;
}

/** The run as a whole, from those that succeeded, then its tasks with the slowest median first; never measured ones last. */
export function rangesOf(data: Durations): Range[] {
  const good = data.runs.filter((run) => run.state === "success").flatMap((run) => run.duration_s ?? []);
  const tasks = data.tasks.map((task) => ({ id: task.id, p50: task.p50_s, p90: task.p90_s }));
  return [{ id: WHOLE_RUN, p50: quantile(good, 0.5), p90: quantile(good, 0.9) }, ...tasks.sort((a, b) => (b.p50 ?? -1) - (a.p50 ?? -1))];
}

export const MOST_ROWS = 200;

/** The rows of the list: the chosen ones, and the slowest of those that the filter finds. `more`: how many are left out. */
export function listedOf(ranges: readonly Range[], filter: string, chosen: readonly string[]): { rows: Range[]; more: number } {
  const found = ranges.filter((range) => chosen.includes(range.id) || matches(filter, range.id));
  const rows = found.filter((range, index) => index < MOST_ROWS || chosen.includes(range.id));
  return { rows, more: found.length - rows.length };
}

/** What the URL names, as far as it is there; without any name the run and its three slowest tasks. */
export function chosenOf(text: string, ranges: readonly Range[]): string[] {
  const known = new Set(ranges.map((range) => range.id));
  const asked = text.split(",").filter((id) => known.has(id));
  if (asked.length) return asked.slice(0, MOST_LINES);
  return ranges.filter((range, index) => index === 0 || range.p50 !== null).slice(0, 4).map((range) => range.id);
}

/** Seconds of each run for one line; null where there is nothing to show. */
export function secondsOf(data: Durations, id: string): (number | null)[] {
  if (id === WHOLE_RUN) return data.runs.map((run) => run.duration_s);
  return data.tasks.find((task) => task.id === id)?.seconds ?? data.runs.map(() => null);
}

export interface VersionMark {
  /** Of the first run of that version. */
  run: number;
  version: number;
}

export function versionMarks(runs: readonly DurationRun[]): VersionMark[] {
  return runs.flatMap((run, index) => (index > 0 && run.version !== runs[index - 1]!.version ? [{ run: index, version: run.version }] : []));
}

/** Execution dates in seconds since 1970, as the chart's axis takes them. */
export function datesOf(runs: readonly DurationRun[]): number[] {
  return runs.map((run) => Date.parse(run.execution_date) / 1000);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Labels under the axis, short: a day, a month, a clock; the year where it changes. */
export function axisLabels(places: readonly number[], step: number, partsAt: (ms: number) => { year: number; month: number; day: number; hour: number; minute: number }): string[] {
  let year: number | null = null;
  let day = "";
  return places.map((place) => {
    const at = partsAt(place * 1000);
    const newYear = year !== null && at.year !== year;
    year = at.year;
    const date = `${at.day} ${MONTHS[at.month - 1]}`;
    if (step >= 365 * 86_400) return String(at.year);
    if (step >= 28 * 86_400) return at.month === 1 ? String(at.year) : MONTHS[at.month - 1]!;
    if (step >= 86_400) return newYear ? `${date} ${at.year}` : date;
    const clock = `${String(at.hour).padStart(2, "0")}:${String(at.minute).padStart(2, "0")}`;
    const shown = date === day ? clock : `${clock}\n${date}`;
    day = date;
    return shown;
  });
}
