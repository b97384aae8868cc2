import type { Answer } from "@/api/client";

import { ABSENT, cellOf, type GridModel, type GridRun, stateOf } from "./grid";
import { matches } from "./grid_rows";
import type { State } from "./states";
import { bytes, duration } from "./time";

// The tasks of a version as rows: what their file says, how they ended last and how long they take.

export type Task = Answer<"/api/v2/dags/{dag_id}/tasks">["tasks"][number];
export type Durations = Answer<"/api/v2/ui/dags/{dag_id}/durations">;

export interface TaskRow {
  task: Task;
  /** The newest run in which something became of it. */
  last: { state: State; run: GridRun } | null;
  p50: number | null;
  p90: number | null;
}

const KINDS: Record<Task["operator_name"], string> = {
  command: "Command", script: "Script", sensor: "Sensor", check: "Check", trigger_dag: "Runs a DAG",
};

export function kindOf(task: Task): string {
  return KINDS[task.operator_name] ?? task.operator_name;
}

type Delta = Task["retry_delay"];

export function secondsOf(delta: Delta): number {
  return delta.days * 86_400 + delta.seconds + delta.microseconds / 1e6;
}

/** `10 s`, `1h 30m`, `7 d`: a duration of the file, without empty units. */
export function setting(seconds: number): string {
  return duration(seconds).replace(/ 00[ms]$| 0 h$/, "").replace(/\.0 s$/, " s");
}

/** `2, after 10 s × 2`; "" without any. */
export function retriesOf(task: Task): string {
  if (!task.retries) return "";
  const delay = secondsOf(task.retry_delay);
  const factor = task.retry_exponential_backoff;
  return `${task.retries}${delay > 0 ? `, after ${setting(delay)}${factor > 1 ? ` × ${factor}` : ""}` : ""}`;
}

export function timeoutOf(task: Task): string {
  return task.execution_timeout ? setting(secondsOf(task.execution_timeout)) : "";
}

/** `2 CPU, 4.0 GiB, 1 GPU`; "" for what takes a slot alone. */
export function needsOf({ resources }: Pick<Task, "resources">): string {
  const cpu = resources.cpu_milli / 1000;
  return [
    cpu > 0 && `${Number(cpu.toFixed(2))} CPU`,
    resources.memory_bytes > 0 && bytes(resources.memory_bytes).replace(/\.0 /, " "),
    resources.gpu > 0 && `${resources.gpu} GPU`,
  ].filter(Boolean).join(", ");
}

/** What the task's file says that differs from what is usual, in words. */
export function flagsOf(task: Task): string[] {
  return [
    task.is_mapped ? "mapped" : "", task.trigger_rule === "all_success" ? "" : task.trigger_rule,
    task.depends_on_past ? "depends on past" : "", task.wait_for_downstream ? "waits for downstream" : "",
    task.priority_weight ? `priority ${task.priority_weight}` : "",
  ].filter(Boolean);
}

function lastOf(grid: GridModel, taskId: string): TaskRow["last"] {
  const task = grid.taskIndex.get(taskId);
  if (task === undefined) return null;
  for (let run = grid.runs.length - 1; run >= 0; run -= 1) {
    const cell = cellOf(grid, task, run);
    const state = stateOf(cell);
    if (!(cell & ABSENT) && state !== "none" && state !== "removed") return { state, run: grid.runs[run]! };
  }
  return null;
}

export function taskRows(tasks: readonly Task[], grid: GridModel | undefined, durations: Durations | undefined): TaskRow[] {
  const times = new Map(durations?.tasks.map((task) => [task.id, task]));
  return tasks.map((task) => {
    const known = times.get(task.task_id);
    return { task, last: grid ? lastOf(grid, task.task_id) : null, p50: known?.p50_s ?? null, p90: known?.p90_s ?? null };
  });
}

export const ORDERS = ["file", "name", "p50", "p90"] as const;
export type Order = (typeof ORDERS)[number];

export function sortedRows(rows: readonly TaskRow[], order: string, filter: string): TaskRow[] {
  const found = filter ? rows.filter(({ task }) => matches(filter, task.task_id, task.task_group, task.pool, kindOf(task))) : [...rows];
  const slow = (key: "p50" | "p90") => found.sort((a, b) => (b[key] ?? -1) - (a[key] ?? -1));
  if (order === "name") return found.sort((a, b) => (a.task.task_id < b.task.task_id ? -1 : 1));
  if (order === "p50" || order === "p90") return slow(order);
  return found;
}
