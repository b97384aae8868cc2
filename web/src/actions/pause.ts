import { type Answer, api } from "@/api/client";
import { queries, read } from "@/api/queries";
import { toastError } from "@/ui/toast";

type Details = Answer<"/api/v2/dags/{dag_id}/details">;
type List = Answer<"/api/v2/ui/dags">;

function show(dagId: string, isPaused: boolean): void {
  queries.setQueryData<Details>(read("/api/v2/dags/{dag_id}/details", { path: { dag_id: dagId } }).queryKey, (dag) => dag && { ...dag, is_paused: isPaused });
  queries.setQueriesData<List>({ queryKey: ["/api/v2/ui/dags"] }, (list) => list && {
    ...list, dags: list.dags.map((dag) => (dag.dag_id === dagId ? { ...dag, is_paused: isPaused } : dag)),
  });
}

/** Pauses or unpauses at once on the screen; if the daemon refuses, it is taken back and said. */
export async function setPaused(dagId: string, isPaused: boolean): Promise<void> {
  show(dagId, isPaused);
  try {
    await api.patch("/api/v2/dags/{dag_id}", { path: { dag_id: dagId }, body: { is_paused: isPaused } });
  } catch (error) {
    show(dagId, !isPaused);
    toastError(error, `${dagId} stays ${isPaused ? "active" : "paused"}`);
  }
  void queries.invalidateQueries({ queryKey: ["/api/v2/dags/{dag_id}/details"] });
  void queries.invalidateQueries({ queryKey: ["/api/v2/ui/dags"] });
  void queries.invalidateQueries({ queryKey: ["/api/v2/ui/overview"] });
}
