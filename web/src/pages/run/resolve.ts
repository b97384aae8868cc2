import { useQuery } from "@tanstack/react-query";

import { type Answer, api, ApiError } from "@/api/client";
import { queries, read } from "@/api/queries";
import { parseRunName, pickRun, rangeOf } from "@/model/run_address";

export type Run = Answer<"/api/v2/dags/{dag_id}/dagRuns/{run_id}">;

/** The query of a run by its id: where its facts are kept, whatever it was called in the address. */
export function readRun(dagId: string, runId: string) {
  return read("/api/v2/dags/{dag_id}/dagRuns/{run_id}", { path: { dag_id: dagId, run_id: runId } });
}

export type Resolved =
  | { kind: "run"; runId: string }
  | { kind: "none"; why: string }
  /** A day with several runs, none of them at its beginning. */
  | { kind: "several"; runs: Answer<"/api/v2/dags/{dag_id}/dagRuns">["dag_runs"] };

async function look(dagId: string, name: string, zone: string, signal: AbortSignal): Promise<Resolved> {
  const range = rangeOf(parseRunName(name), zone);
  if (range) {
    const { dag_runs: found } = await api.get("/api/v2/dags/{dag_id}/dagRuns", {
      path: { dag_id: dagId }, signal,
      query: {
        logical_date_gte: new Date(range.from).toISOString(), logical_date_lt: new Date(range.to).toISOString(), limit: 100,
        order_by: "logical_date",
      },
    });
    const picked = pickRun(found, range);
    if (picked) return { kind: "run", runId: picked.dag_run_id };
    if (found.length > 1) return { kind: "several", runs: found };
  }
  try {
    const run = await api.get("/api/v2/dags/{dag_id}/dagRuns/{run_id}", { path: { dag_id: dagId, run_id: name }, signal });
    queries.setQueryData(readRun(dagId, name).queryKey, run);
    return { kind: "run", runId: name };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    return { kind: "none", why: range ? `${dagId} has no run of ${name} (dates are those of ${zone}).` : `${dagId} has no run ${name}.` };
  }
}

/** The run that a path names. An answer is kept: a name means the same run for ever, but for one that isn't there yet. */
export function useResolved(dagId: string, name: string, zone: string | undefined) {
  return useQuery<Resolved, ApiError>({
    queryKey: ["run named", dagId, name, zone ?? ""],
    queryFn: ({ signal }) => look(dagId, name, zone!, signal),
    enabled: zone !== undefined,
    staleTime: (query) => (query.state.data?.kind === "run" ? Infinity : 0),
  });
}
