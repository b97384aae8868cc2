import { useQuery } from "@tanstack/react-query";

import { read } from "@/api/queries";

import type { Run } from "./resolve";
import type { RunView } from "./view";

/** The DAG's runs of the execution dates just before and just after this one's. */
export function useNeighbours({ dagId, run }: Pick<RunView, "dagId" | "run">): { before: Run | null; after: Run | null } {
  const ask = (which: "before" | "after") => read("/api/v2/dags/{dag_id}/dagRuns", {
    path: { dag_id: dagId },
    query: which === "before"
      ? { logical_date_lt: run.execution_date, order_by: "-logical_date", limit: 1 }
      : { logical_date_gt: run.execution_date, order_by: "logical_date", limit: 1 },
  });
  const before = useQuery({ ...ask("before"), staleTime: 10_000 }).data?.dag_runs[0] ?? null;
  const after = useQuery({ ...ask("after"), staleTime: 10_000 }).data?.dag_runs[0] ?? null;
  return { before: before as Run | null, after: after as Run | null };
}
