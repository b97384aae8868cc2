import { useQueries } from "@tanstack/react-query";

import type { Answer } from "@/api/client";
import type { PoolUse } from "@/api/events";
import { queries, read } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";

export type Pools = Answer<"/api/v2/pools">;
export type Pool = Pools["pools"][number];
export type Queue = Answer<"/api/v2/ui/queue">;
export type Worker = Answer<"/api/v2/workers">["workers"][number];

function withUse(pools: Pools, used: readonly PoolUse[]): Pools {
  const byName = new Map(used.map((pool) => [pool.name, pool]));
  return {
    ...pools,
    pools: pools.pools.map((pool) => {
      const use = byName.get(pool.name);
      return use ? { ...pool, ...use, open_slots: Math.max(0, use.slots - use.occupied_slots) } : pool;
    }),
  };
}

/** Pools follow their events; the line and the machine are read anew while something moves. */
export function useLiveCapacity(): void {
  useTopic("capacity", (events) => {
    for (const event of events) {
      if (event.type !== "capacity") continue;
      if ("pools" in event.data) {
        const used = event.data.pools;
        queries.setQueriesData<Pools>({ queryKey: ["/api/v2/pools"] }, (pools) => pools && withUse(pools, used));
      } else renewSoon(500, "/api/v2/pools");
    }
    renewSoon(2_000, "/api/v2/ui/queue", "/api/v2/workers");
  });
  useTopic("tasks", () => renewSoon(2_000, "/api/v2/ui/queue", "/api/v2/workers", "/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline"));
  useTopic("overview", () => renewSoon(3_000, "/api/v2/ui/queue"));
}

/** The zones of DAGs, for the dates of their runs. */
export function useZones(dagIds: readonly string[]): (dagId: string) => string {
  const unique = [...new Set(dagIds)].sort();
  const found = useQueries({
    queries: unique.map((dagId) => ({ ...read("/api/v2/dags/{dag_id}/details", { path: { dag_id: dagId } }), staleTime: 5 * 60_000 })),
  });
  const zones = new Map(unique.map((dagId, index) => [dagId, found[index]?.data?.timezone]));
  return (dagId) => zones.get(dagId) ?? "UTC";
}
