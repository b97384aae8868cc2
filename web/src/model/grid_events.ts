import type { RunEvent, StreamEvent, TiEvent } from "@/api/events";

import { ABSENT, type GridModel, type GridRun, MAPPED, RETRIED, STATE_BITS } from "./grid";
import { withNewRun } from "./grid_new_run";
import { STATES, toState, urgencyOf } from "./states";

// The stream's events as changes of the grid. What they can't tell, they say: then the grid is read anew.

/** `later`: what is shown may be off in a cell until it is read anew; `now`: something is missing. */
export type Refetch = "none" | "later" | "now";

export interface Patched {
  /** The same object when nothing changed. */
  model: GridModel;
  refetch: Refetch;
}

/** Which part of the history a grid shows. */
export interface GridBounds {
  /** Later runs aren't in it; milliseconds since 1970. */
  until: number;
  /** So many runs at most. */
  runs: number;
}
const ALL: GridBounds = { until: Infinity, runs: Infinity };

/** A copy is made once for all events of a frame. */
class Patch {
  refetch: Refetch = "none";
  private cells: Uint8Array | null = null;
  private runs: GridRun[] | null = null;
  private revision: number;

  constructor(private model: GridModel, private readonly bounds: GridBounds) {
    this.revision = model.revision;
  }

  /** Gives a run that isn't here its column, before anything is said of its tasks. What it is like in full is read soon. */
  begin(event: RunEvent): void {
    const { runs, runIndex } = this.model;
    // Of a grid without runs nobody knows the version.
    if (!event.state || !event.execution_date || !runs.length || runIndex.has(event.run_id) || !this.shows(Date.parse(event.execution_date))) return;
    this.model = withNewRun(this.model, event, event.execution_date, this.bounds.runs);
    this.want("later");
  }

  /** Whether a run of this date is one of those that are shown: a grid that isn't full has all up to its end. */
  private shows(date: number): boolean {
    const oldest = this.model.runs[0]?.execution_date;
    return date <= this.bounds.until && (!oldest || this.model.runs.length < this.bounds.runs || date > Date.parse(oldest));
  }

  want(refetch: "later" | "now"): void {
    if (this.refetch !== "now") this.refetch = refetch;
  }

  seen(id: number | null): void {
    if (id !== null && id > this.revision) this.revision = id;
  }

  task(event: TiEvent): void {
    const { model } = this;
    const run = model.runIndex.get(event.run_id);
    // Its run's own event says whether a run that isn't here should be.
    if (run === undefined) return;
    const task = model.taskIndex.get(event.task_id);
    if (task === undefined) return this.want("now");
    const at = run * model.tasks.length + task;
    const held = (this.cells ?? model.cells)[at]!;
    let next = STATES.indexOf(toState(event.state));
    if (event.map_index >= 0) next = this.mapped(held, next, event);
    const bits = (held & ~(STATE_BITS | ABSENT)) | next | (event.try_number > 1 ? RETRIED : 0) | (event.map_index >= 0 ? MAPPED : 0);
    if (bits === held) return;
    this.cells ??= model.cells.slice();
    this.cells[at] = bits;
  }

  /**
   * A mapped task's cell is its instance that needs eyes first. One that gets worse is it; one that gets better may have been the
   * only one of its kind, and that only the daemon knows.
   */
  private mapped(held: number, next: number, event: TiEvent): number {
    const shown = held & STATE_BITS;
    if (held & ABSENT || shown === next || urgencyOf(STATES[next]!) >= urgencyOf(STATES[shown]!)) return next;
    if (STATES[shown] === "none") return next;
    if (toState(event.from) === STATES[shown]) this.want("later");
    return shown;
  }

  run(event: RunEvent): void {
    const { model } = this;
    const index = model.runIndex.get(event.run_id);
    // Without a state it was deleted; one that isn't here is new, or older than what is shown.
    if (!event.state) return this.want("now");
    if (index === undefined) {
      if (!event.execution_date || (!model.runs.length && this.shows(Date.parse(event.execution_date)))) this.want("now");
      return;
    }
    this.runs ??= [...model.runs];
    this.runs[index] = movedRun(this.runs[index]!, event);
    if (event.state === "success" || event.state === "failed") this.settle(index);
  }

  /** In a run that has ended nothing goes on: a mapped cell that says so waited for an instance that it didn't know of. */
  private settle(run: number): void {
    const { tasks } = this.model;
    const cells = this.cells ?? this.model.cells;
    for (let task = 0; task < tasks.length; task += 1) {
      const cell = cells[run * tasks.length + task]!;
      const state = STATES[cell & STATE_BITS];
      if (cell & MAPPED && (state === "running" || state === "queued" || state === "scheduled" || state === "up_for_retry")) this.want("now");
    }
  }

  done(before: GridModel): Patched {
    const { model } = this;
    if (model === before && !this.cells && !this.runs && this.revision === model.revision) return { model, refetch: this.refetch };
    return {
      model: { ...model, revision: this.revision, cells: this.cells ?? model.cells, runs: this.runs ?? model.runs },
      refetch: this.refetch,
    };
  }
}

function movedRun(run: GridRun, event: RunEvent): GridRun {
  const state = event.state as GridRun["state"];
  if (state === "queued") return { ...run, state, reason: null, start: null, end: null, duration_s: null };
  if (state === "running") return { ...run, state, reason: null, start: run.start ?? event.at, end: null, duration_s: null };
  const start = run.start ?? event.at;
  return { ...run, state, start, end: event.at, duration_s: (Date.parse(event.at) - Date.parse(start)) / 1000 };
}

/** What these events make of the grid. Those that are already in it change nothing. */
export function applyEvents(model: GridModel, events: readonly StreamEvent[], bounds: GridBounds = ALL): Patched {
  const patch = new Patch(model, bounds);
  // Of events that are told together, a task's may stand before its run's.
  for (const event of events) if (event.type === "run" && !(event.id !== null && event.id <= model.revision)) patch.begin(event.data);
  for (const event of events) {
    if (event.type === "reset") {
      patch.want("now");
      continue;
    }
    if (event.id !== null && event.id <= model.revision) continue;
    if (event.type === "ti") patch.task(event.data);
    else if (event.type === "run") patch.run(event.data);
    // Another version may have other rows.
    else if (event.type === "dag" && event.data.kind === "dag") patch.want("now");
    patch.seen(event.id);
  }
  return patch.done(model);
}
