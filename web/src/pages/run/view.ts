import type { Action } from "@/actions/use_dialogs";
import type { Answer } from "@/api/client";
import type { Forecast } from "@/model/forecast";
import { type Instance, type TimelineAnswer } from "@/model/run_timeline";
import type { GraphAnswer } from "@/model/run_rows";

import type { Line } from "./live";
import type { Run } from "./resolve";

/** What the parts of a run's page are given. */
export interface RunView {
  dag: Answer<"/api/v2/dags/{dag_id}/details">;
  run: Run;
  dagId: string;
  runId: string;
  /** Of the DAG: execution dates. */
  zone: string;
  timeline: TimelineAnswer | undefined;
  instances: Instance[];
  graph: GraphAnswer | undefined;
  /** Whether it goes on; `now` moves only then. */
  live: boolean;
  now: number;
  forecast: Forecast;
  /** Those of this run that wait for a place, by key. */
  line: Line;
  /** The instance or task that is open. */
  shown: Shown | null;
  /** Opens a dialog that acts on the run; offered to those who `may`. */
  act: (action: Action) => void;
  may: boolean;
}

export interface Shown {
  task: string;
  /** null: a mapped task as a whole. */
  map: number | null;
  instance: Instance | null;
}

/** `train_fold[2]`. */
export function nameOf({ task, map }: { task: string; map: number | null }): string {
  return map === null ? task : `${task}[${map}]`;
}

/** Milliseconds since it has waited for a place, of those that do. */
export function longestWait(instances: readonly Instance[], now: number): { instance: Instance; ms: number } | null {
  let longest: { instance: Instance; ms: number } | null = null;
  for (const instance of instances) {
    const last = instance.segments.at(-1);
    if (!last || last.to !== null || last.kind !== "waiting") continue;
    if (now - last.from > (longest?.ms ?? -1)) longest = { instance, ms: now - last.from };
  }
  return longest;
}
