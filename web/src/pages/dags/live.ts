import type { StreamEvent } from "@/api/events";
import { queries } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { applyRunsToDags, type RunMove, type UiDags } from "@/model/overview";

export const isRun = (event: StreamEvent): event is Extract<StreamEvent, { type: "run" }> => event.type === "run";

/** Keeps the lists of DAGs right: what runs did is put in at once, what it means for medians and plans is read after it. */
export function useLiveDags(): void {
  useTopic("overview", (events) => {
    const moves: RunMove[] = events.filter(isRun);
    if (moves.length) queries.setQueriesData<UiDags>({ queryKey: ["/api/v2/ui/dags"] }, (page) => page && applyRunsToDags(page, moves));
    if (events.some((event) => event.type === "dag" || event.type === "reset")) renewSoon(1_000, "/api/v2/ui/dags", "/api/v2/importErrors");
    else if (moves.length) renewSoon(3_000, "/api/v2/ui/dags");
  });
}
