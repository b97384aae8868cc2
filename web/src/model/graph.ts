import type { Answer } from "@/api/client";

import type { GraphInput, GraphLayout } from "./layout";
import type { State } from "./states";
import { worstOf } from "./states";
import { duration } from "./time";
import { adjacency, topological } from "./topology";

// A DAG version's graph: what the layout is given, who is up and down of whom, and the words under a name.

export type UiGraph = Answer<"/api/v2/ui/dags/{dag_id}/graph">;

export interface Graph {
  version: number;
  tasks: UiGraph["tasks"];
  groups: UiGraph["groups"];
  edges: { from: number; to: number }[];
  taskIndex: ReadonlyMap<string, number>;
  upstream: readonly (readonly number[])[];
  downstream: readonly (readonly number[])[];
  /** Tasks, each after all that it waits for. */
  order: readonly number[];
}

export function graphOf(answer: UiGraph): Graph {
  const edges = answer.edges.map(([from, to]) => ({ from: from!, to: to! }));
  const count = answer.tasks.length;
  const lists = ({ start, list }: { start: Int32Array; list: Int32Array }) => answer.tasks.map((_, task) => [...list.subarray(start[task], start[task + 1])]);
  return {
    version: answer.version, tasks: answer.tasks, groups: answer.groups, edges,
    taskIndex: new Map(answer.tasks.map((task, index) => [task.id, index])),
    upstream: lists(adjacency(count, edges, (edge) => edge.to, (edge) => edge.from)),
    downstream: lists(adjacency(count, edges, (edge) => edge.from, (edge) => edge.to)),
    order: [...topological(count, edges)],
  };
}

/** Beyond so many tasks groups are closed until they are opened. */
export const MANY_TASKS = 300;

/** `changed`: groups that the reader opened or closed against what is usual. */
export function closedGroups(graph: Graph, changed: ReadonlySet<string>): boolean[] {
  const usual = graph.tasks.length > MANY_TASKS;
  return graph.groups.map((group) => changed.has(group.id) !== usual);
}

const LETTER = 6.6;
const BESIDE = 42;

/** As wide as the longest name needs, within reason: the same for all, so that columns are columns. */
function nodeWidth(graph: Graph): number {
  const longest = graph.tasks.reduce((most, task) => Math.max(most, task.label.length), 0);
  return Math.round(Math.min(228, Math.max(152, longest * LETTER + BESIDE)));
}

export function layoutInput(graph: Graph, closed: readonly boolean[]): GraphInput {
  const group = new Map(graph.groups.map((each, index) => [each.id, index]));
  return {
    groupOf: Int32Array.from(graph.tasks, (task) => (task.group === null ? -1 : (group.get(task.group) ?? -1))),
    groups: graph.groups.length,
    closed: Uint8Array.from(closed, (each) => (each ? 1 : 0)),
    edges: Int32Array.from(graph.edges.flatMap((edge) => [edge.from, edge.to])),
    nodeWidth: nodeWidth(graph),
  };
}

/** Everything that leads to these tasks and that they lead to, themselves included. */
export function related(graph: Graph, tasks: readonly number[]): Uint8Array {
  const found = new Uint8Array(graph.tasks.length);
  for (const next of [graph.upstream, graph.downstream]) {
    const seen = new Uint8Array(graph.tasks.length);
    const open = [...tasks];
    for (let task = open.pop(); task !== undefined; task = open.pop()) {
      if (seen[task]) continue;
      seen[task] = found[task] = 1;
      open.push(...next[task]!);
    }
  }
  return found;
}

/** What one task instance, or the longest of a mapped task, is known to have done in a run. */
export interface TaskTimes {
  /** Seconds that it has run, or so far. */
  seconds: number | null;
  /** Since when it runs. */
  since: number | null;
  expected: number | null;
  instances: number;
}

type Timeline = Answer<"/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline">;

export function timesOf(timeline: Timeline): Map<string, TaskTimes> {
  const times = new Map<string, TaskTimes>();
  for (const { task, segments, expected_s: expected } of timeline.tasks) {
    const last = segments.findLast((segment) => segment.kind === "running" || segment.kind === "sensor");
    const since = last && last.to === null ? Date.parse(last.from) : null;
    const seconds = last?.to ? (Date.parse(last.to) - Date.parse(last.from)) / 1000 : null;
    const held = times.get(task);
    if (!held) {
      times.set(task, { seconds, since, expected, instances: 1 });
      continue;
    }
    held.instances += 1;
    if (seconds !== null && (held.seconds === null || seconds > held.seconds)) held.seconds = seconds;
    if (since !== null && (held.since === null || since < held.since)) held.since = since;
  }
  return times;
}

/** The words under a task's name: how long it took, takes or will take, or what it waits for. */
export function taskWords(graph: Graph, task: number, stateOfTask: (task: number) => State, times: TaskTimes | undefined, now: number): string {
  const state = stateOfTask(task);
  const expected = times?.expected ? `~${duration(times.expected)}` : "";
  switch (state) {
    case "success": return times?.seconds !== null && times ? duration(times.seconds) : "";
    case "failed": return times?.seconds !== null && times ? `failed after ${duration(times.seconds)}` : "failed";
    case "running": {
      if (!times?.since) return "running";
      const passed = duration(Math.max(0, Math.floor((now - times.since) / 1000)));
      return expected ? `${passed} of ${expected}` : passed;
    }
    case "up_for_retry": return "waits for its next try";
    case "queued": return "waits for its start";
    case "upstream_failed": return "upstream failed";
    case "skipped": return "skipped";
    case "deferred":
    case "up_for_reschedule": return "looks again later";
    case "restarting": return "restarts";
    case "removed": return "removed";
    case "scheduled": return "waits for a slot";
    default: {
      const waits = graph.upstream[task]!.filter((each) => !["success", "skipped", "failed", "upstream_failed", "removed"].includes(stateOfTask(each)));
      if (!waits.length) return expected;
      return `waits for ${waits.length === 1 ? graph.tasks[waits[0]!]!.label : waits.length}`;
    }
  }
}

/** Of the boxes of a layout: the state each shows. */
export function nodeStates(graph: Graph, laid: GraphLayout, stateOfTask: (task: number) => State): State[] {
  const members: State[][] = Array.from(laid.nodeTask, () => []);
  graph.tasks.forEach((_, task) => members[laid.taskNode[task]!]!.push(stateOfTask(task)));
  return members.map((states) => (states.length === 1 ? states[0]! : worstOf(states)));
}

/** `3 failed, 40 of 52 done`: a closed group in words. */
export function groupWords(states: readonly State[]): string {
  const count = (...wanted: State[]) => states.filter((state) => wanted.includes(state)).length;
  const failed = count("failed", "upstream_failed");
  const running = count("running", "restarting");
  const done = count("success", "skipped");
  if (failed) return `${failed} of ${states.length} failed`;
  if (running) return `${running} running, ${done} of ${states.length} done`;
  if (done === states.length) return `${states.length} tasks`;
  return done ? `${done} of ${states.length} done` : `${states.length} tasks`;
}
