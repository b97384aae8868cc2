import type { Answer } from "@/api/client";
import type { TiEvent } from "@/api/events";

import { type State, toState } from "./states";
import { instant } from "./time";

// What happened in a run, task instance by task instance: the answer of ui/…/timeline as numbers, and kept up with the stream.

export type TimelineAnswer = Answer<"/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline">;
type TaskAnswer = TimelineAnswer["tasks"][number];
type SegmentAnswer = TaskAnswer["segments"][number];
export type SegmentKind = SegmentAnswer["kind"];

/** A stretch of time in one state. */
export interface Segment {
  kind: SegmentKind;
  from: number;
  /** null: it lasts. */
  to: number | null;
  attempt: number;
  /** How it ended; while it lasts, the state that it is. */
  state: State;
}

export interface Instance {
  key: string;
  task: string;
  /** -1: not mapped. */
  mapIndex: number;
  state: State;
  segments: Segment[];
  expectedS: number | null;
  /** On the way that decided when the run ended, as the daemon says. */
  critical: boolean;
  attempts: number;
}

export function keyOf(task: string, mapIndex: number): string {
  return mapIndex < 0 ? task : `${task}[${mapIndex}]`;
}

function segmentOf(segment: SegmentAnswer, state: State): Segment {
  const ended = segment.to !== null;
  return {
    kind: segment.kind, from: instant(segment.from) ?? 0, to: instant(segment.to), attempt: segment.try,
    // A try that is to be tried again has failed.
    state: !ended ? state : segment.ended_as === "up_for_retry" ? "failed" : toState(segment.ended_as),
  };
}

const known = new WeakMap<TaskAnswer, Instance>();

/** A task's part of an answer; the same object for the same part, so that ten thousand aren't read anew at each change of one. */
function instanceOf(task: TaskAnswer): Instance {
  let instance = known.get(task);
  if (!instance) {
    const state = toState(task.state);
    const segments = task.segments.filter((segment) => segment.from !== segment.to).map((segment) => segmentOf(segment, state));
    instance = {
      key: keyOf(task.task, task.map_index), task: task.task, mapIndex: task.map_index, state, segments,
      expectedS: task.expected_s, critical: task.critical,
      attempts: Math.max(0, ...task.segments.map((segment) => segment.try)),
    };
    known.set(task, instance);
  }
  return instance;
}

export function instancesOf(answer: TimelineAnswer): Instance[] {
  return answer.tasks.map(instanceOf);
}

const KINDS: Partial<Record<State, SegmentKind>> = {
  scheduled: "waiting", queued: "queued", restarting: "queued", running: "running", up_for_retry: "retry_delay",
  up_for_reschedule: "sensor", deferred: "child_run",
};

function moved(task: TaskAnswer, event: TiEvent): TaskAnswer {
  const at = instant(event.at) ?? 0;
  const last = task.segments.at(-1);
  // Told already by a newer answer.
  if (last && at < (instant(last.to ?? last.from) ?? 0)) return task;
  const state = toState(event.state);
  if ((task.state ?? "none") === state && (!last || last.to === null)) return task;
  const next = event.state as TaskAnswer["state"];
  const segments = task.segments.map((segment) => (segment.to === null ? { ...segment, to: event.at, ended_as: next } : segment));
  const kind = KINDS[state];
  if (kind) segments.push({ kind, from: event.at, to: null, try: event.try_number, ended_as: null });
  return { ...task, state: next, segments };
}

const places = new WeakMap<TaskAnswer[], Map<string, number>>();

function placesOf(tasks: TaskAnswer[]): Map<string, number> {
  let found = places.get(tasks);
  if (!found) {
    found = new Map(tasks.map((task, index) => [keyOf(task.task, task.map_index), index]));
    places.set(tasks, found);
  }
  return found;
}

/**
 * The answer with these moves of its task instances. The stream tells the newest move of a quarter second alone: what was between
 * comes with the next whole answer. `missing`: an instance that the answer doesn't have (`expand` has just made it).
 */
export function applyMoves(answer: TimelineAnswer, events: readonly TiEvent[]): { answer: TimelineAnswer; missing: boolean } {
  const index = placesOf(answer.tasks);
  let tasks = answer.tasks;
  let missing = false;
  for (const event of events) {
    if (event.dag_id !== answer.dag_id || event.run_id !== answer.dag_run_id) continue;
    const place = index.get(keyOf(event.task_id, event.map_index));
    if (place === undefined) {
      missing ||= event.state !== "removed";
      continue;
    }
    const next = moved(tasks[place]!, event);
    if (next === tasks[place]) continue;
    if (tasks === answer.tasks) tasks = [...tasks];
    tasks[place] = next;
  }
  if (tasks === answer.tasks) return { answer, missing };
  places.set(tasks, index);
  return { answer: { ...answer, tasks }, missing };
}

const WORK: readonly SegmentKind[] = ["running", "sensor", "child_run"];

/** When its last work began, and when that ended (null: it goes on); null when it hasn't begun. */
export function workOf(instance: Instance): { from: number; to: number | null } | null {
  const last = instance.segments.findLast((segment) => WORK.includes(segment.kind));
  return last ? { from: last.from, to: last.to } : null;
}

/** When it first began to work. */
export function startOf(instance: Instance): number | null {
  return instance.segments.find((segment) => WORK.includes(segment.kind))?.from ?? null;
}

/** When it was over; null while it isn't, and for what never began. */
export function endOf(instance: Instance): number | null {
  const last = instance.segments.at(-1);
  return last && last.to !== null && WORK.includes(last.kind) ? last.to : null;
}

/** Milliseconds of the last try, or of the wait that goes on; null for what has done neither. */
export function lengthOf(instance: Instance, now: number): number | null {
  const last = instance.segments.at(-1);
  const shown = last && last.to === null ? last : (workOf(instance) ?? null);
  return shown ? Math.max(0, (shown.to ?? now) - shown.from) : null;
}

export function groupBy<T, K>(all: readonly T[], by: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(by(one));
    if (group) group.push(one);
    else groups.set(by(one), [one]);
  }
  return groups;
}

/** How many there are of each state, in the order in which they first appear. */
export function countsOf(instances: readonly Instance[]): Map<State, number> {
  const counts = new Map<State, number>();
  for (const { state } of instances) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

/** The one to show first: what failed first, else what has run longest, else what decided the end. */
export function firstToSee(instances: readonly Instance[]): Instance | null {
  const earliest = (some: Instance[]) => some.toSorted((a, b) => (startOf(a) ?? Infinity) - (startOf(b) ?? Infinity))[0];
  const failed = earliest(instances.filter((one) => one.state === "failed"));
  const running = earliest(instances.filter((one) => one.state === "running"));
  const waiting = instances.find((one) => ["up_for_retry", "up_for_reschedule", "deferred", "queued", "scheduled"].includes(one.state));
  const last = instances.filter((one) => one.critical && endOf(one) !== null).toSorted((a, b) => endOf(b)! - endOf(a)!)[0];
  return failed ?? running ?? waiting ?? last ?? instances[0] ?? null;
}

/** Failed ones in the order in which they failed: what "first error" walks through. */
export function failuresOf(instances: readonly Instance[]): Instance[] {
  return instances.filter((one) => one.state === "failed").toSorted((a, b) => (endOf(a) ?? Infinity) - (endOf(b) ?? Infinity));
}
