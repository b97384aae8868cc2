import type { RunEvent } from "@/api/events";

import { ABSENT, type GridModel, type GridRun, MAPPED } from "./grid";

// A run that the grid doesn't have yet, as far as its event tells it: nothing in it has begun.

/**
 * The grid with a column for the run of the event, where its date belongs; the oldest goes when there would be more than `most`. What
 * the event doesn't tell (its version) is the newest run's, and right once the grid is read anew.
 */
export function withNewRun(model: GridModel, event: RunEvent, date: string, most: number): GridModel {
  const newest = model.runs.at(-1);
  const run: GridRun = {
    run_id: event.run_id, execution_date: date, run_type: event.run_type as GridRun["run_type"], state: "queued", reason: null,
    start: null, end: null, duration_s: null, version: newest?.version ?? 1, note: false,
  };
  const time = Date.parse(date);
  const at = model.runs.findLastIndex((other) => Date.parse(other.execution_date) <= time) + 1;
  const runs = model.runs.toSpliced(at, 0, run);
  const rows = model.tasks.length;
  const cells = new Uint8Array(runs.length * rows);
  cells.set(model.cells.subarray(0, at * rows));
  cells.set(model.cells.subarray(at * rows), (at + 1) * rows);
  for (let task = 0; task < rows; task += 1) {
    const absent = newest ? model.cells[(model.runs.length - 1) * rows + task]! & ABSENT : 0;
    cells[at * rows + task] = absent || (model.tasks[task]!.mapped ? MAPPED : 0);
  }
  const over = Math.max(0, runs.length - most);
  const kept = over ? runs.slice(over) : runs;
  return {
    ...model, runs: kept, cells: over ? cells.slice(over * rows) : cells, runIndex: new Map(kept.map((each, index) => [each.run_id, index])),
  };
}
