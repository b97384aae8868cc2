import type { Dated } from "./backfill_calendar";
import type { ItemState } from "./backfill_states";
import { ABSENT, cellOf, type GridModel, stateOf } from "./grid";
import { isFinal, type State } from "./states";
import { instant } from "./time";

// The tasks of a backfill's runs, out of the DAG's grid: how far each has come, and what became of it on each date.

export interface TaskProgress {
  id: string;
  /** By kind, in the order of a bar. */
  success: number;
  failed: number;
  /** Not run, since one before it failed. */
  upstream: number;
  other: number;
  running: number;
  /** Final, however it ended. */
  done: number;
}

/** Those that it has begun: a run of a date that still waits is an older one, and says nothing of this backfill. */
export function begunDates(dates: readonly Dated<ItemState>[]): Set<number> {
  return new Set(dates.flatMap(({ at, kind }) => (kind === "queued" ? [] : [at])));
}

/** The columns of the grid that are dates of the backfill, oldest first. */
export function columnsOfDates(model: GridModel, dates: ReadonlySet<number>): number[] {
  return model.runs.flatMap((run, index) => (dates.has(instant(run.execution_date) ?? NaN) ? [index] : []));
}

const RUNNING: readonly State[] = ["running", "restarting", "queued", "up_for_retry", "up_for_reschedule", "deferred"];

export function taskProgress(model: GridModel, columns: readonly number[]): TaskProgress[] {
  return model.tasks.map((task, index) => {
    const out: TaskProgress = { id: task.id, success: 0, failed: 0, upstream: 0, other: 0, running: 0, done: 0 };
    for (const run of columns) {
      const cell = cellOf(model, index, run);
      if (cell & ABSENT) continue;
      const state = stateOf(cell);
      if (isFinal(state)) out.done += 1;
      if (state === "success") out.success += 1;
      else if (state === "failed") out.failed += 1;
      else if (state === "upstream_failed") out.upstream += 1;
      else if (RUNNING.includes(state)) out.running += 1;
      else if (state === "skipped" || state === "removed") out.other += 1;
    }
    return out;
  });
}
