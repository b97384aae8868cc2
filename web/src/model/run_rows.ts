import type { Answer } from "@/api/client";

import { isFinal, type State, worstOf } from "./states";
import { groupBy, type Instance } from "./run_timeline";

// A run's task instances as the rows of a table: groups and mapped tasks are one row each, and open.

export type GraphAnswer = Answer<"/api/v2/ui/dags/{dag_id}/graph">;

export type Row =
  | { kind: "task"; key: string; depth: number; instance: Instance }
  | {
    kind: "group" | "mapped"; key: string; depth: number;
    /** The group's or the task's id. */
    id: string;
    open: boolean; members: Instance[]; state: State; done: number;
  };

/** Which folds the reader has turned; the others are as `openAtFirst` says. */
export type Folds = Readonly<Record<string, boolean>>;

const FEW_INSTANCES = 12;
const FEW_ROWS = 60;
const MANY_ROWS = 300;

export const groupKey = (group: string) => `group ${group}`;
export const mappedKey = (task: string) => `mapped ${task}`;

function foldOf(kind: "group" | "mapped", id: string, depth: number, members: Instance[], open: boolean): Row {
  return {
    kind, key: kind === "group" ? groupKey(id) : mappedKey(id), depth, id, open, members,
    state: worstOf(members.map((member) => member.state)), done: members.filter((member) => isFinal(member.state)).length,
  };
}

/**
 * The rows, in the DAG's order; a group stands where its first task does. Without the graph there are no groups. At first a group is
 * open unless the run is large, and a mapped task is closed unless all is small. `shown`: an instance whose folds have to be open.
 */
export function rowsOf(instances: readonly Instance[], graph: GraphAnswer | undefined, folds: Folds = {}, shown: Pick<Instance, "task" | "mapIndex"> | null = null): Row[] {
  const groups = new Map(graph?.tasks.map((task) => [task.id, task.group]));
  const tasks = groupBy(instances, (instance) => instance.task);
  const members = groupBy(instances, (instance) => groups.get(instance.task) ?? null);
  const rows: Row[] = [];
  const addTask = (task: string, depth: number) => {
    const all = tasks.get(task)!;
    if (all.length === 1 && all[0]!.mapIndex < 0) {
      rows.push({ kind: "task", key: all[0]!.key, depth, instance: all[0]! });
      return;
    }
    const inside = shown?.task === task && shown.mapIndex >= 0;
    const open = folds[mappedKey(task)] ?? (inside || (all.length <= FEW_INSTANCES && instances.length <= FEW_ROWS));
    rows.push(foldOf("mapped", task, depth, all, open));
    if (open) for (const instance of all) rows.push({ kind: "task", key: instance.key, depth: depth + 1, instance });
  };
  const done = new Set<string>();
  for (const task of tasks.keys()) {
    const group = groups.get(task) ?? null;
    if (group === null) {
      addTask(task, 0);
      continue;
    }
    if (done.has(group)) continue;
    done.add(group);
    const all = members.get(group)!;
    const open = folds[groupKey(group)] ?? (tasks.size <= MANY_ROWS || (shown !== null && groups.get(shown.task) === group));
    rows.push(foldOf("group", group, 0, all, open));
    if (open) for (const id of new Set(all.map((instance) => instance.task))) addTask(id, 1);
  }
  return rows;
}

/** The row of a task, or of one instance of it; -1 where a closed fold hides it. */
export function rowIndex(rows: readonly Row[], task: string, mapIndex: number | null): number {
  return rows.findIndex((row) => row.kind === "task"
    ? row.instance.task === task && row.instance.mapIndex === (mapIndex ?? -1)
    : row.kind === "mapped" && row.id === task && mapIndex === null);
}

/** A mapped value in a few words: `2001-03-24`, `fold=2`, `a, b`. */
export function itemText(item: unknown): string {
  if (item === null || item === undefined) return "null";
  if (Array.isArray(item)) return item.map(itemText).join(", ");
  if (typeof item === "object") {
    return Object.entries(item).map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join(" ");
  }
  return String(item);
}
