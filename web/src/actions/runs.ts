import { useQuery } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";

import { queries, read } from "@/api/queries";
import { useTopic } from "@/api/stream";
import { executionDate } from "@/model/time";
import { Told } from "@/ui/told";

/** A DAG's details, and with them the zone its dates are in. Read once, however many ask. */
export function useDagDetails(dagId: string | null) {
  return useQuery({ ...read("/api/v2/dags/{dag_id}/details", { path: { dag_id: dagId ?? "" } }), enabled: Boolean(dagId) });
}

/** The run that a dialog is about, and what people call it: its execution date in the DAG's zone. */
export function useNamedRun(dagId: string, runId: string) {
  const zone = useDagDetails(dagId).data?.timezone;
  const run = useQuery(read("/api/v2/dags/{dag_id}/dagRuns/{run_id}", { path: { dag_id: dagId, run_id: runId } })).data;
  return { run, zone, name: run && zone ? executionDate(run.execution_date, zone) : runId };
}

/**
 * After an action the events patch what pages show. Without the stream they'd wait for the next poll: this reads anew what is
 * known of the DAG, of a run alone where one is named.
 */
export function renewDag(dagId: string): void {
  void queries.invalidateQueries({
    predicate: ({ queryKey: [path, pieces] }) =>
      (pieces as { dag_id?: string } | undefined)?.dag_id === dagId || path === "/api/v2/ui/dags" || path === "/api/v2/ui/overview",
  });
}

// What was asked of a run and hasn't shown in the stream yet.
const asked = new Map<string, { word: string; until: number }>();
const told = new Told();

const nameOf = (dagId: string, runId: string) => `${dagId}/${runId}`;

/** Says "cancel asked" beside a run from the click until its event is here (or for ten seconds, if none comes). */
export function setAsked(dagId: string, runId: string, word: string): void {
  asked.set(nameOf(dagId, runId), { word, until: Date.now() + 10_000 });
  told.tell();
}

export function dropAsked(dagId: string, runId: string): void {
  if (asked.delete(nameOf(dagId, runId))) told.tell();
}

/** "cancel asked", "clear asked", …; null when nothing is open. For the run's page, its row, its buttons. */
export function useAsked(dagId: string, runId: string): string | null {
  const found = useSyncExternalStore(told.subscribe, () => asked.get(nameOf(dagId, runId)) ?? null);
  useTopic(found ? `run:${dagId}/${runId}` : null, (events) => {
    if (events.some((event) => event.type === "run" || event.type === "ti" || event.type === "reset")) dropAsked(dagId, runId);
  });
  const [, setLate] = useState(0);
  useEffect(() => {
    if (!found) return;
    const timer = setTimeout(() => {
      dropAsked(dagId, runId);
      setLate((count) => count + 1);
    }, Math.max(0, found.until - Date.now()));
    return () => clearTimeout(timer);
  }, [found, dagId, runId]);
  return found?.word ?? null;
}
