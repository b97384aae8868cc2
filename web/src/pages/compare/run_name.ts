import { useQuery } from "@tanstack/react-query";

import { read } from "@/api/queries";

/** A run as the address names it: `etl/manual__2001-01-05T00:00:00+00:00`. */
export interface RunName {
  dagId: string;
  run: string;
}

export function parseName(text: string): RunName | null {
  const slash = text.indexOf("/");
  return slash > 0 && slash < text.length - 1 ? { dagId: text.slice(0, slash), run: text.slice(slash + 1) } : null;
}

export function nameText({ dagId, run }: RunName): string {
  return `${dagId}/${run}`;
}

/** All that is compared of one run. */
export function useSide(name: RunName | null) {
  const path = { dag_id: name?.dagId ?? "", run_id: name?.run ?? "" };
  const enabled = name !== null;
  return {
    manifest: useQuery({ ...read("/api/v2/dags/{dag_id}/dagRuns/{run_id}/manifest", { path }), enabled }),
    timeline: useQuery({ ...read("/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline", { path }), enabled }),
    outputs: useQuery({ ...read("/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries", { path: { ...path, task_id: "~" }, query: { limit: 1000 } }), enabled }),
    zone: useQuery({ ...read("/api/v2/dags/{dag_id}/details", { path: { dag_id: path.dag_id } }), enabled }).data?.timezone ?? "UTC",
  };
}
export type Side = ReturnType<typeof useSide>;
