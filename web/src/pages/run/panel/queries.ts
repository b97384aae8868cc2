import type { Answer } from "@/api/client";
import { read } from "@/api/queries";

const TASK = "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}";
const MAPPED = "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}";

export type TaskFacts = Answer<typeof TASK>;
export type Try = Answer<`${typeof TASK}/tries`>["task_instances"][number];
export type ManifestTask = Answer<"/api/v2/dags/{dag_id}/dagRuns/{run_id}/manifest">["tasks"][number];

export interface Ref {
  dagId: string;
  runId: string;
  task: string;
  /** -1: not mapped. */
  mapIndex: number;
}

const pathOf = ({ dagId, runId, task }: Ref) => ({ dag_id: dagId, run_id: runId, task_id: task });

// Both paths of each pair answer alike; a mapped instance has its index in the path.
export function readTask(ref: Ref) {
  const path = pathOf(ref);
  const plain = read(TASK, { path });
  return ref.mapIndex < 0 ? plain : (read(MAPPED, { path: { ...path, map_index: ref.mapIndex } }) as unknown as typeof plain);
}

export function readTries(ref: Ref) {
  const path = pathOf(ref);
  const plain = read(`${TASK}/tries`, { path });
  return ref.mapIndex < 0 ? plain : (read(`${MAPPED}/tries`, { path: { ...path, map_index: ref.mapIndex } }) as unknown as typeof plain);
}

export function readOutputs(ref: Ref) {
  return read(`${TASK}/xcomEntries`, { path: pathOf(ref), query: { map_index: ref.mapIndex, limit: 100 } });
}

export function readManifest(dagId: string, runId: string) {
  return read("/api/v2/dags/{dag_id}/dagRuns/{run_id}/manifest", { path: { dag_id: dagId, run_id: runId } });
}

/** Where the bytes of a try's log are. */
export function logPath({ dagId, runId, task, mapIndex }: Ref, attempt: number): string {
  const pieces = ["dags", dagId, "dagRuns", runId, "taskInstances", task, ...(mapIndex < 0 ? [] : [String(mapIndex)]), "logs", String(attempt)];
  return `/api/v2/${pieces.map(encodeURIComponent).join("/")}`;
}
