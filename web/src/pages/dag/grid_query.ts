import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { type ApiError, request, urlOf } from "@/api/client";
import type { StreamEvent } from "@/api/events";
import { queries } from "@/api/queries";
import { useFirstLive, useTopic } from "@/api/stream";
import { decodeGrid, type GridModel } from "@/model/grid";
import { applyEvents, type GridBounds } from "@/model/grid_events";

// The grid in the cache: read once as a frame, then patched by the stream's events.

const PATH = "/api/v2/ui/dags/{dag_id}/grid";

/** Events that came while an answer was on its way: what it doesn't know yet is applied to it. */
const sinceAsked = new Map<string, StreamEvent[]>();

const boundsOf = (runs: number, end: string | null): GridBounds => ({ until: end ? Date.parse(end) : Infinity, runs });

function gridOptions(dagId: string, runs: number, end: string | null) {
  const key = [PATH, { dag_id: dagId }, { runs, end }, "frame"] as const;
  const name = JSON.stringify(key);
  return queryOptions<GridModel, ApiError>({
    queryKey: key,
    // Compared field by field, half a million cells would be looked at for each event.
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const since: StreamEvent[] = [];
      sinceAsked.set(name, since);
      try {
        const response = await request(urlOf(PATH, { dag_id: dagId }, { runs, end }), { headers: { Accept: "application/octet-stream" }, signal });
        return applyEvents(decodeGrid(await response.arrayBuffer()), since, boundsOf(runs, end)).model;
      } finally {
        // One that was broken off leaves what the next one has begun.
        if (sinceAsked.get(name) === since) sinceAsked.delete(name);
      }
    },
  });
}

const SOON_MS = 500;
const LATER_MS = 3000;
/** The least time between two readings that events ask for. */
const APART_MS = 5000;

/** One reading for many wishes: the soonest of them, not too close to the one before. */
class Rereading {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = Infinity;
  private last = -Infinity;

  constructor(private readonly read: () => void) {}

  want(inMs: number): void {
    const now = performance.now();
    const due = Math.max(now + inMs, this.last + APART_MS);
    if (due >= this.due) return;
    this.stop();
    this.due = due;
    this.timer = setTimeout(() => {
      this.due = Infinity;
      this.last = performance.now();
      this.read();
    }, due - now);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.due = Infinity;
  }
}

/** The grid, live. `heard` gets the events of the DAG as they come, after they are in the grid. */
export function useGrid(dagId: string, runs: number, end: string | null, heard?: (events: StreamEvent[]) => void) {
  const options = gridOptions(dagId, runs, end);
  const name = JSON.stringify(options.queryKey);
  const query = useQuery(options);
  const rereading = useRef<Rereading>(null);
  useEffect(() => {
    const mine = new Rereading(() => void queries.invalidateQueries({ queryKey: JSON.parse(name) as unknown[] }));
    rereading.current = mine;
    return () => mine.stop();
  }, [name]);
  useTopic(`dag:${dagId}`, (events) => {
    sinceAsked.get(name)?.push(...events);
    const model = queries.getQueryData(options.queryKey);
    if (model) {
      const patched = applyEvents(model, events, boundsOf(runs, end));
      if (patched.model !== model) queries.setQueryData(options.queryKey, patched.model);
      if (patched.refetch !== "none") rereading.current?.want(patched.refetch === "now" ? SOON_MS : LATER_MS);
    }
    heard?.(events);
  });
  useFirstLive(() => {
    const moving = query.data?.runs.some((run) => run.state === "running" || run.state === "queued");
    if (moving) rereading.current?.want(SOON_MS);
  });
  return query;
}
