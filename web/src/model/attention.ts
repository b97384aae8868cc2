import type { Answer } from "@/api/client";

import type { Overview } from "./overview";
import type { State } from "./states";
import { relative } from "./time";

// What somebody ought to look at, put together: a DAG that failed nine times is one entry, not nine.

type TaskInstances = Answer<"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances">["task_instances"];
export type AttentionTask = Pick<
  TaskInstances[number],
  "dag_id" | "dag_run_id" | "task_id" | "map_index" | "reason" | "try_number" | "max_tries" | "not_before" | "end_date"
>;

export interface Notice {
  key: string;
  state: State;
  title: string;
  /** One more sentence, or "". */
  text: string;
  since: string | null;
  dagId: string | null;
  runId: string | null;
  taskId: string | null;
}

/** `exit:3` as a person says it. */
export function reasonWords(reason: string | null): string {
  if (!reason) return "";
  const [kind, detail] = reason.split(":", 2) as [string, string?];
  if (kind === "exit") return `exit code ${detail}`;
  if (kind === "signal") return `killed by SIG${detail}`;
  const words: Record<string, string> = { timed_out: "timed out", oom: "out of memory", lost: "lost with its machine", marked: "marked by hand" };
  return words[kind] ?? reason;
}

function taskWords(task: AttentionTask): string {
  const name = task.map_index >= 0 ? `${task.task_id} [${task.map_index}]` : task.task_id;
  const what = reasonWords(task.reason);
  const tries = task.max_tries > 0 ? `attempt ${task.try_number} of ${task.max_tries + 1}` : "";
  return `${name}${what ? `: ${what}` : ""}${tries ? `, ${tries}` : ""}`;
}

type Item = Overview["attention"][number];

function byDag(items: readonly Item[]): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = item.ref.dag_id ?? "";
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}

function failure(items: Item[], failed: readonly AttentionTask[]): Notice {
  const newest = items[0]!;
  const { dag_id, dag_run_id } = newest.ref;
  const task = failed.find((each) => each.dag_id === dag_id && each.dag_run_id === dag_run_id);
  const times = items.length === 1 ? "" : items.length === 2 ? " twice" : ` ${items.length} times`;
  // The API's sentence ends with the run's reason, where it has one: timed_out.
  const reason = /failed: (\S+)$/.exec(newest.text)?.[1] ?? null;
  return {
    key: `failed ${dag_id}`, state: "failed", title: `${dag_id} failed${times}`,
    text: task ? taskWords(task) : reason ? `the run ${reasonWords(reason)}` : "", since: newest.since,
    dagId: dag_id, runId: dag_run_id, taskId: task?.task_id ?? null,
  };
}

function retry(task: AttentionTask, now: number): Notice {
  const at = task.not_before ? Date.parse(task.not_before) : null;
  return {
    key: `retry ${task.dag_id} ${task.dag_run_id} ${task.task_id} ${task.map_index}`, state: "up_for_retry",
    title: `${task.dag_id} retries${at && at > now ? ` ${relative(at, now)}` : " now"}`,
    text: taskWords(task), since: task.end_date, dagId: task.dag_id, runId: task.dag_run_id, taskId: task.task_id,
  };
}

function waits(all: readonly Item[]): Notice[] {
  const groups = new Map<string, Item[]>();
  for (const item of all) groups.set(item.text, [...(groups.get(item.text) ?? []), item]);
  return [...groups].map(([text, items]) => {
    const oldest = items.reduce((a, b) => ((a.since ?? "") <= (b.since ?? "") ? a : b));
    return {
      key: `wait ${text}`, state: "queued" as const, text,
      title: items.length === 1 ? `${oldest.ref.task_id ?? oldest.ref.dag_id} waits` : `${items.length} tasks wait`,
      since: oldest.since, dagId: oldest.ref.dag_id, runId: oldest.ref.dag_run_id, taskId: oldest.ref.task_id,
    };
  });
}

/** Import errors aren't among these: the page shows them whole, with their place. */
export function noticesOf(items: readonly Item[], failed: readonly AttentionTask[], retrying: readonly AttentionTask[], now: number): Notice[] {
  const holds = items.filter((item) => item.kind === "hold").map((item): Notice => ({
    key: `hold ${item.ref.dag_id}`, state: "deferred", title: `${item.ref.dag_id} is held`, text: item.text, since: item.since,
    dagId: item.ref.dag_id, runId: null, taskId: null,
  }));
  return [
    ...holds,
    ...byDag(items.filter((item) => item.kind === "run_failed")).map((group) => failure(group, failed)),
    ...retrying.map((task) => retry(task, now)),
    ...waits(items.filter((item) => item.kind === "long_wait")),
  ];
}
