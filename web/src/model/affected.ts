import { type State, STATES, toState } from "./states";

// What a dry run says it would change, for a list in a dialog.

export interface Affected {
  task_id: string;
  map_index: number;
  dag_run_id: string;
  execution_date: string;
  state: string | null;
}

export interface AffectedRun<A extends Affected> {
  runId: string;
  executionDate: string;
  instances: A[];
}

/** By run, oldest first; within a run as the API has them, which is the order of the DAG. */
export function byRun<A extends Affected>(found: readonly A[]): AffectedRun<A>[] {
  const runs = new Map<string, AffectedRun<A>>();
  for (const one of found) {
    const run = runs.get(one.dag_run_id) ?? { runId: one.dag_run_id, executionDate: one.execution_date, instances: [] };
    run.instances.push(one);
    runs.set(one.dag_run_id, run);
  }
  return [...runs.values()].sort((a, b) => a.executionDate.localeCompare(b.executionDate));
}

/** How many there are in each state, in the order in which states are always listed. */
export function countStates(found: readonly Affected[]): { state: State; count: number }[] {
  const counts = new Map<State, number>();
  for (const one of found) counts.set(toState(one.state), (counts.get(toState(one.state)) ?? 0) + 1);
  return STATES.filter((state) => counts.has(state)).map((state) => ({ state, count: counts.get(state)! }));
}

/** `1 task instance`, `12 task instances in 3 runs`. */
export function countText(found: readonly Affected[]): string {
  const runs = new Set(found.map((one) => one.dag_run_id)).size;
  const text = `${found.length.toLocaleString("en-GB")} task instance${found.length === 1 ? "" : "s"}`;
  return runs > 1 ? `${text} in ${runs.toLocaleString("en-GB")} runs` : text;
}

/** `load`, `load [3]`. */
export function instanceName({ task_id, map_index }: { task_id: string; map_index: number }): string {
  return map_index < 0 ? task_id : `${task_id} [${map_index}]`;
}
