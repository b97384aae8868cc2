import { type GridModel, gridOf, type GridRun, type GridTask } from "./grid";
import { STATES, type State } from "./states";

// Grids for tests.

export function runOf(date: string, state: GridRun["state"] = "success", more: Partial<GridRun> = {}): GridRun {
  const ended = state === "success" || state === "failed";
  return {
    run_id: `manual__${date}`, execution_date: `${date}T00:00:00Z`, run_type: "manual", state, reason: null,
    start: state === "queued" ? null : `${date}T06:00:00Z`, end: ended ? `${date}T06:01:00Z` : null, duration_s: ended ? 60 : null,
    version: 1, note: false, ...more,
  };
}

/** `["load", "history/route", …]` are tasks, with their group in front. */
export function tasksOf(names: readonly string[]): GridTask[] {
  return names.map((name) => {
    const [group, id] = name.includes("/") ? name.split("/") : [null, name];
    return { id: id!, group: group ?? null, depth: 0, mapped: false };
  });
}

/** One text a run: a letter for each task, `s` success, `f` failed, `u` upstream_failed, `r` running, `.` none, `-` absent … */
export function sampleGrid(names: readonly string[], columns: readonly string[], runs?: readonly GridRun[]): GridModel {
  const letters: Record<string, State> = {
    s: "success", f: "failed", u: "upstream_failed", r: "running", y: "up_for_retry", q: "queued", k: "skipped", ".": "none", w: "scheduled",
  };
  const bytes = columns.flatMap((column) => [...column].map((letter) => (letter === "-" ? 128 : STATES.indexOf(letters[letter]!))));
  return gridOf({
    revision: 100, tasks: tasksOf(names),
    runs: [...(runs ?? columns.map((_, index) => runOf(`2013-06-${String(index + 1).padStart(2, "0")}`)))],
  }, Uint8Array.from(bytes));
}

export function frameOf(head: object, cells: readonly number[]): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const frame = new Uint8Array(8 + text.length + cells.length);
  frame.set(new TextEncoder().encode("MRG1"));
  new DataView(frame.buffer).setUint32(4, text.length, true);
  frame.set(text, 8);
  frame.set(cells, 8 + text.length);
  return frame.buffer;
}
