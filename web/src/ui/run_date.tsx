import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { runPath } from "@/model/run_address";
import { executionDate } from "@/model/time";

/** The zone of a DAG, for lists whose rows are of many DAGs: read once for each, and kept. */
export function useZoneOf(dagId: string): string | undefined {
  return useQuery({ ...read("/api/v2/dags/{dag_id}/details", { path: { dag_id: dagId } }), staleTime: 600_000, refetchOnWindowFocus: false }).data?.timezone;
}

interface Props {
  dagId: string;
  runId: string;
  executionDate: string | null | undefined;
  className?: string;
}

/** A link to a run by its execution date in its DAG's zone; by its id where the zone isn't known (the DAG may be gone). */
export function RunLink({ dagId, runId, executionDate: date, className = "" }: Props) {
  const zone = useZoneOf(dagId);
  return (
    <Link href={runPath(dagId, { run_id: runId, execution_date: date ?? null }, zone)} className={`mono ellipsis ${className}`} title={runId}>
      {zone && date ? executionDate(date, zone) : runId}
    </Link>
  );
}
