import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { type Answer, request, urlOf } from "@/api/client";
import { queries, read } from "@/api/queries";
import { useTopic } from "@/api/stream";
import { patchMatrix } from "@/model/backfill_matrix";
import { patchBackfill } from "@/model/backfill_states";
import { decodeGrid } from "@/model/grid";

export type Backfill = Answer<"/api/v2/backfills/{backfill_id}">;
export type Matrix = Answer<"/api/v2/backfills/{backfill_id}/dagRuns">;

const ONE = "/api/v2/backfills/{backfill_id}";
const MATRIX = "/api/v2/backfills/{backfill_id}/dagRuns";
const ITEMS = "/api/v2/backfills/{backfill_id}/items";
const FAILURES = "/api/v2/backfills/{backfill_id}/failures";
const GRID = "/api/v2/ui/dags/{dag_id}/grid";

/** What can't be patched is read anew, but not more often than this. */
const PATIENCE = 4_000;

/**
 * Keeps all that is known of a backfill in step with the stream: counts and the states of its dates at once, by patches; pace, causes
 * and durations by reading anew, a few seconds after something moved.
 */
export function useBackfillLive(id: number): void {
  const waiting = useRef<{ timer: ReturnType<typeof setTimeout>; at: number } | null>(null);
  useEffect(() => () => clearTimeout(waiting.current?.timer), []);
  const later = (ms: number) => {
    const at = Date.now() + ms;
    if (waiting.current && waiting.current.at <= at) return;
    clearTimeout(waiting.current?.timer);
    const timer = setTimeout(() => {
      waiting.current = null;
      const mine = (pieces: unknown) => (pieces as { backfill_id?: number } | undefined)?.backfill_id === id;
      void queries.invalidateQueries({ predicate: ({ queryKey: [path, pieces] }) => ([ONE, ITEMS, FAILURES, MATRIX].includes(String(path)) && mine(pieces)) || (path === GRID && pieces === `backfill ${id}`) });
    }, ms);
    waiting.current = { timer, at };
  };
  useTopic(`backfill:${id}`, (events) => {
    const key = read(ONE, { path: { backfill_id: id } }).queryKey;
    const runs: { execution_date: string | null; state: string }[] = [];
    for (const event of events) {
      if (event.type === "reset") {
        later(0);
      } else if (event.type === "backfill") {
        queries.setQueryData<Backfill>(key, (before) => before && patchBackfill(before, event.data));
        // A move (it ended, was paused, retried) changes more than it says.
        later(event.id === null ? PATIENCE : 300);
      } else if (event.type === "run") {
        runs.push(event.data);
      }
    }
    if (runs.length) {
      queries.setQueryData<Matrix>(read(MATRIX, { path: { backfill_id: id } }).queryKey, (before) => before && patchMatrix(before, runs));
      later(PATIENCE);
    }
  });
}

/** The newest dates that were decided, oldest first: enough for medians and pace. `of`: how many there are in all. */
export const NEWEST = 1_000;

export function useNewestItems(backfill: Backfill) {
  const decided = backfill.counts.total - backfill.counts.queued;
  const offset = Math.max(0, Math.floor((decided - NEWEST) / 100) * 100);
  return useQuery({
    ...read(ITEMS, { path: { backfill_id: backfill.id }, query: { limit: NEWEST, offset, order_by: backfill.run_backwards ? "-execution_date" : "execution_date" } }),
    placeholderData: keepPreviousData,
    enabled: decided > 0,
  });
}

export const GRID_RUNS = 500;

/** The task instances of its runs, the newest 500 of their dates: a byte each (docs/ui-api.md). */
export function useBackfillGrid(backfill: Backfill, last: number | null) {
  // Not part of the key: it moves with each run that begins, and the grid is read anew every few seconds anyway.
  const end = useRef(last);
  useEffect(() => {
    end.current = last;
  });
  return useQuery({
    queryKey: [GRID, `backfill ${backfill.id}`, backfill.dag_id],
    queryFn: async ({ signal }) => {
      const url = urlOf(GRID, { dag_id: backfill.dag_id }, { runs: GRID_RUNS, end: new Date(end.current ?? Date.now()).toISOString() });
      return decodeGrid(await (await request(url, { headers: { Accept: "application/octet-stream" }, signal })).arrayBuffer());
    },
    placeholderData: keepPreviousData,
    enabled: last !== null,
    staleTime: PATIENCE,
  });
}
