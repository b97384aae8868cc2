import type { Answer } from "@/api/client";
import type { PoolUse } from "@/api/events";
import { queries } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { applyRuns, type Overview, type RunMove } from "@/model/overview";
import { isRun, useLiveDags } from "@/pages/dags/live";

type Pools = Answer<"/api/v2/pools">;

function applyPools(pools: Pools, used: readonly PoolUse[]): Pools {
  const byName = new Map(used.map((pool) => [pool.name, pool]));
  return { ...pools, pools: pools.pools.map((pool) => ({ ...pool, ...byName.get(pool.name) })) };
}

// The newest moves. An answer that was under way when they came doesn't know them: without this, a run that has ended would run
// again on the screen until the next answer.
const KEPT = 1_000;
let recent: RunMove[] = [];

/** An answer, and what happened since it was made. */
export function caughtUp(overview: Overview): Overview {
  return applyRuns(overview, recent);
}

export function useLiveOverview(): void {
  useLiveDags();
  useTopic("overview", (events) => {
    const moves: RunMove[] = events.filter(isRun);
    if (events.some((event) => event.type === "reset")) recent = [];
    recent = [...recent, ...moves].slice(-KEPT);
    if (moves.length) queries.setQueriesData<Overview>({ queryKey: ["/api/v2/ui/overview"] }, (overview) => overview && applyRuns(overview, recent));
    renewSoon(2_000, "/api/v2/ui/overview", "/api/v2/ui/queue", "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "/api/v2/assets/events");
    if (events.some((event) => event.type === "backfill" || event.type === "reset")) renewSoon(1_000, "/api/v2/backfills", "/api/v2/backfills/{backfill_id}");
  });
  // Of tasks the topic above says nothing; that pools fill and empty is said once a second.
  useTopic("capacity", (events) => {
    for (const event of events) {
      if (event.type !== "capacity" || !("pools" in event.data)) continue;
      const used = event.data.pools;
      queries.setQueriesData<Pools>({ queryKey: ["/api/v2/pools"] }, (pools) => pools && applyPools(pools, used));
    }
    renewSoon(2_000, "/api/v2/ui/overview", "/api/v2/ui/queue", "/api/v2/devices");
  });
}
