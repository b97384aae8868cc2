import type { Answer } from "@/api/client";

import { STATES, type State, wordOf } from "./states";

// The grid as the daemon tells it (docs/ui-api.md): a head that names tasks and runs, and one byte for each task of each run.

type UiGrid = Answer<"/api/v2/ui/dags/{dag_id}/grid">;
export type GridTask = UiGrid["tasks"][number];
export type GridRun = UiGrid["runs"][number];

/** The bits of a cell. */
export const STATE_BITS = 0x0f;
export const RETRIED = 0x10;
export const NOTED = 0x20;
export const MAPPED = 0x40;
export const ABSENT = 0x80;

export interface GridModel {
  /** Number of the newest event that is in here. */
  revision: number;
  tasks: readonly GridTask[];
  /** Oldest first. */
  runs: readonly GridRun[];
  /** The byte of task `t` in run `r` is at `r * tasks.length + t`. */
  cells: Uint8Array;
  taskIndex: ReadonlyMap<string, number>;
  runIndex: ReadonlyMap<string, number>;
}

export function gridOf(head: Omit<UiGrid, "cells">, cells: Uint8Array): GridModel {
  if (cells.length !== head.tasks.length * head.runs.length) {
    throw new Error(`the grid has ${cells.length} cells for ${head.tasks.length} tasks in ${head.runs.length} runs`);
  }
  return {
    revision: head.revision, tasks: head.tasks, runs: head.runs, cells,
    taskIndex: new Map(head.tasks.map((task, index) => [task.id, index])),
    runIndex: new Map(head.runs.map((run, index) => [run.run_id, index])),
  };
}

const MAGIC = 0x3147524d; // "MRG1", least significant byte first

/** A frame: `MRG1`, the head's length, the head as JSON, the cells. The cells stay where they are in the buffer. */
export function decodeGrid(frame: ArrayBuffer): GridModel {
  const view = new DataView(frame);
  if (frame.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new Error("the grid isn't a frame of this version");
  const length = view.getUint32(4, true);
  if (8 + length > frame.byteLength) throw new Error("the grid's frame was cut off");
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 8, length))) as UiGrid;
  return gridOf(head, new Uint8Array(frame, 8 + length));
}

/** The cell of a task in a run; a task that isn't in the grid is absent. */
export function cellOf(model: GridModel, task: number, run: number): number {
  return model.cells[run * model.tasks.length + task] ?? ABSENT;
}

export function stateOf(cell: number): State {
  return STATES[cell & STATE_BITS] ?? "none";
}

/** `up for retry, tried more than once, has a note`: a cell in words, for those who don't see it. */
export function cellWords(cell: number): string {
  if (cell & ABSENT) return "not in this version";
  const words = [wordOf(stateOf(cell)).toLowerCase()];
  if (cell & RETRIED) words.push("tried more than once");
  if (cell & MAPPED) words.push("mapped");
  if (cell & NOTED) words.push("has a note");
  return words.join(", ");
}

/** Seconds that the run has lasted, up to `now` while it runs; null before its start. */
export function runSeconds(run: GridRun, now: number): number | null {
  if (run.duration_s !== null) return run.duration_s;
  if (!run.start) return null;
  return Math.max(0, ((run.end ? Date.parse(run.end) : now) - Date.parse(run.start)) / 1000);
}
