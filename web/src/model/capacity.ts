import type { components } from "@/api/schema";

import { toneOfGate } from "./explain_words";
import type { Tone } from "./states";
import { executionDate } from "./time";

// What there is, who has it and what waits for it, as the capacity page shows it.

type Pool = components["schemas"]["Pool"];
type Queued = components["schemas"]["UiQueue"]["queue"][number];
type Device = components["schemas"]["Device"];
type Timeline = components["schemas"]["UiRunTimeline"];

const CELLS = 24;
export type Cell = "used" | "starting" | "free";

/** A pool as a row of cells: one a slot where there are few, else each stands for several. Nothing used looks free, nothing free used. */
export function slotCells({ slots, running_slots: running, occupied_slots: occupied }: Pick<Pool, "slots" | "running_slots" | "occupied_slots">): Cell[] {
  const cells = Math.min(CELLS, Math.max(slots, 0));
  const share = slots / cells;
  const filled = (taken: number) => (taken <= 0 ? 0 : taken >= slots ? cells : Math.min(cells - 1, Math.max(1, Math.round(taken / share))));
  const used = filled(running);
  const taken = Math.max(used, filled(occupied));
  return Array.from({ length: cells }, (_, index) => (index < used ? "used" : index < taken ? "starting" : "free"));
}

export interface InstanceRef {
  dagId: string;
  runId: string;
  taskId: string;
  mapIndex: number;
}

/** A try by its name, `etl/manual__2001-01-05T00:00:00+00:00/load/-1/1`; a run id may hold slashes. */
export function parseAttempt(name: string): (InstanceRef & { tryNumber: number }) | null {
  const pieces = name.split("/");
  if (pieces.length < 5) return null;
  const [taskId, mapIndex, tryNumber] = pieces.slice(-3) as [string, string, string];
  if (!/^-?\d+$/.test(mapIndex) || !/^\d+$/.test(tryNumber)) return null;
  return { dagId: pieces[0]!, runId: pieces.slice(1, -3).join("/"), taskId, mapIndex: Number(mapIndex), tryNumber: Number(tryNumber) };
}

/** An instance in the address of the page: its pieces, with a slash between them. */
export function instanceText({ dagId, runId, taskId, mapIndex }: InstanceRef): string {
  return [dagId, runId, taskId, mapIndex].map((piece) => String(piece).replace(/[%/]/g, encodeURIComponent)).join("/");
}

export function parseInstance(text: string): InstanceRef | null {
  const pieces = text.split("/");
  if (pieces.length !== 4) return null;
  try {
    const [dagId, runId, taskId, mapIndex] = pieces.map(decodeURIComponent) as [string, string, string, string];
    return dagId && runId && taskId && /^-?\d+$/.test(mapIndex) ? { dagId, runId, taskId, mapIndex: Number(mapIndex) } : null;
  } catch {
    return null; // `%` without digits: somebody typed it
  }
}

export function taskLabel({ taskId, mapIndex }: Pick<InstanceRef, "taskId" | "mapIndex">): string {
  return mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;
}

/** `2013-06-10`: a run's date in its DAG's zone, read from the id that the daemon gave it; another id stays as it is. */
export function runLabel(runId: string, zone: string): string {
  const found = /^[a-z]+__(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))$/.exec(runId);
  return found ? executionDate(found[1], zone) : runId;
}

export interface Holding {
  /** What it is about, if anything. */
  of: (InstanceRef & { tryNumber: number }) | null;
  startedAt: number | null;
  /** Seconds a run of it usually takes. */
  expected: number | null;
}

/** Who holds a device and for how long usually; `timelines` are those of the runs that hold one. */
export function holdingOf(device: Pick<Device, "attempt">, timelines: readonly Timeline[]): Holding {
  const of = device.attempt === null ? null : parseAttempt(device.attempt);
  const timeline = of && timelines.find((each) => each.dag_id === of.dagId && each.dag_run_id === of.runId);
  const task = of && timeline?.tasks.find((each) => each.task === of.taskId && each.map_index === of.mapIndex);
  const running = task?.segments.findLast((segment) => segment.kind === "running" && segment.try === of!.tryNumber);
  return { of, startedAt: running ? Date.parse(running.from) : null, expected: task?.expected_s ?? null };
}

/** Share of its usual time that has gone by, and what is left of it; null where nothing is known. */
export function progressOf({ startedAt, expected }: Pick<Holding, "startedAt" | "expected">, now: number): { share: number; left: number } | null {
  if (startedAt === null || expected === null || expected <= 0) return null;
  const gone = Math.max(0, (now - startedAt) / 1000);
  return { share: Math.min(1, gone / expected), left: expected - gone };
}

/** `36 s`, `4 min`, `2 h`: as exact as a forecast is. */
export function roughly(seconds: number): string {
  const size = Math.max(0, Math.round(seconds));
  return size < 60 ? `${size} s` : size < 5400 ? `${Math.round(size / 60)} min` : `${Math.round(size / 3600)} h`;
}

/** `H200`, `A100-SXM4-80GB`: without the maker's name. */
export function shortModel(model: string): string {
  return model.replace(/^(NVIDIA|AMD|Intel)\s+/i, "");
}

/** `3 × H200, 1 × A100-SXM4-80GB`. */
export function modelsOf(devices: readonly Pick<Device, "model">[]): string {
  const counts = new Map<string, number>();
  for (const { model } of devices) counts.set(shortModel(model), (counts.get(shortModel(model)) ?? 0) + 1);
  return [...counts].map(([model, number]) => `${number} × ${model}`).join(", ");
}

/** What a reader asks the line for: "who waits for a GPU?". */
export const GROUPS = { devices: "Devices", pool: "Pools", machine: "CPU and memory", upstream: "Upstream", data: "Data", time: "Time", limits: "Limits" } as const;
export type Group = keyof typeof GROUPS;

const GROUP_OF: Record<string, Group> = {
  gpu: "devices", pool: "pool", cpu: "machine", memory: "machine", share: "machine", upstream: "upstream", sensor: "data", child_run: "data",
  retry_delay: "time", not_before: "time", paused: "limits", max_active_runs: "limits", backfill_limit: "limits", max_active_tasks: "limits",
};
/** Of several, the scarcest is what people look for. */
const ORDER: readonly Group[] = ["devices", "machine", "pool", "limits", "upstream", "data", "time"];

export function groupOf(queued: Pick<Queued, "waits_for">): Group {
  const groups = queued.waits_for.map((wait) => GROUP_OF[wait.kind] ?? "limits");
  return ORDER.find((group) => groups.includes(group)) ?? "limits";
}

export function groupCounts(queue: readonly Pick<Queued, "waits_for">[]): { group: Group; count: number }[] {
  const counts = new Map<Group, number>();
  for (const each of queue) counts.set(groupOf(each), (counts.get(groupOf(each)) ?? 0) + 1);
  return ORDER.flatMap((group) => (counts.has(group) ? [{ group, count: counts.get(group)! }] : []));
}

const CHIPS: Record<string, string> = {
  gpu: "GPU", cpu: "CPU", memory: "memory", share: "its turn", upstream: "upstream", sensor: "sensor", child_run: "triggered run", retry_delay: "retry delay",
  not_before: "process start", paused: "paused DAG", max_active_runs: "runs of the DAG", backfill_limit: "runs of the backfill", max_active_tasks: "active tasks",
};

/** What it waits for in a word or two each, scarcest first; the API's sentence goes with it. */
export function chipsOf(queued: Pick<Queued, "waits_for" | "pool">): { text: string; tone: Tone; detail: string }[] {
  return [...queued.waits_for]
    .sort((a, b) => ORDER.indexOf(GROUP_OF[a.kind] ?? "limits") - ORDER.indexOf(GROUP_OF[b.kind] ?? "limits"))
    .map(({ kind, detail }) => ({ text: kind === "pool" ? `pool ${queued.pool}` : (CHIPS[kind] ?? kind), tone: toneOfGate(kind), detail }));
}
