import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { runPath } from "@/model/run_address";
import { executionDate } from "@/model/time";
import { Loading, Shown } from "@/ui/notes";
import { NotFound, Page, PageHead } from "@/ui/shell";
import { StateChip } from "@/ui/surface";
import { at } from "@/ui/url";
import { DagZoneProvider } from "@/ui/zone";

import { readRun, useResolved } from "./resolve";

const Screen = lazy(() => import("./screen"));

/** A run, by what its address calls it. */
export default function RunPage({ dagId, runName }: { dagId: string; runName: string }) {
  const dag = useQuery(read("/api/v2/dags/{dag_id}/details", { path: { dag_id: dagId } }));
  const resolved = useResolved(dagId, runName, dag.data?.timezone);
  const found = resolved.data;
  const runId = found?.kind === "run" ? found.runId : null;
  const run = useQuery({ ...readRun(dagId, runId ?? ""), enabled: runId !== null });
  if (dag.error?.status === 404) return <NotFound what={`There is no DAG ${dagId}.`} />;
  if (found?.kind === "none") {
    return <NotFound what={found.why}><p><Link href={at("dags", dagId, "runs")}>All runs of {dagId}</Link></p></NotFound>;
  }
  if (run.error?.status === 404) return <NotFound what={`${dagId} has no run ${runId}: it was deleted.`} />;
  const zone = dag.data?.timezone ?? "UTC";
  const crumbs = [
    { label: "DAGs", href: "/dags" }, { label: dagId, href: at("dags", dagId) },
    { label: run.data ? executionDate(run.data.execution_date, zone) : runName },
  ];
  return (
    <DagZoneProvider zone={dag.data?.timezone}>
      <Page crumbs={crumbs}>
        {found?.kind === "several" && <Several dagId={dagId} name={runName} zone={zone} runs={found.runs} />}
        {found?.kind !== "several" && (
          <Shown query={dag} what="This DAG can't be read">
            {(details) => (
              <Shown query={resolved} what="This run can't be looked up">
                {() => (
                  <Shown query={run} what="This run can't be read">
                    {(facts) => <Suspense fallback={<Loading />}><Screen key={facts.dag_run_id} dag={details} run={facts} /></Suspense>}
                  </Shown>
                )}
              </Shown>
            )}
          </Shown>
        )}
      </Page>
    </DagZoneProvider>
  );
}

function Several({ dagId, name, zone, runs }: { dagId: string; name: string; zone: string; runs: { dag_run_id: string; execution_date: string; state: string }[] }) {
  return (
    <>
      <PageHead title={`${dagId}: ${runs.length} runs of ${name}`} />
      <ul>
        {runs.map((run) => (
          <li key={run.dag_run_id} className="row gap12">
            <Link href={runPath(dagId, run, zone)} className="mono">{executionDate(run.execution_date, zone)}</Link>
            <StateChip state={run.state} />
            <span className="dim mono">{run.dag_run_id}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
