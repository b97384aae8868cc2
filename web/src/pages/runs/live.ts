import type { StreamEvent } from "@/api/events";
import { queries } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { applyRunsToList, type RunList } from "@/model/run_list";

const isRun = (event: StreamEvent): event is Extract<StreamEvent, { type: "run" }> => event.type === "run";

/** Rows move at once; which rows there are is read anew every two seconds at most. */
export function useLiveRuns(): void {
  useTopic("runs", (events) => {
    const moves = events.filter(isRun);
    queries.setQueriesData<RunList>({ queryKey: ["/api/v2/dags/{dag_id}/dagRuns", { dag_id: "~" }] }, (list) => list && applyRunsToList(list, moves));
    renewSoon(2_000, "/api/v2/dags/{dag_id}/dagRuns");
  });
}
