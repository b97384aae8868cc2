import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";

import { type Answer, api } from "@/api/client";
import type { StreamEvent, TiEvent } from "@/api/events";
import { queries, read } from "@/api/queries";
import { useFirstLive, useTopic } from "@/api/stream";
import { Meanwhile, movedRun } from "@/model/run_follow";
import { applyMoves, type Instance, instancesOf, keyOf, type TimelineAnswer } from "@/model/run_timeline";
import { Throttle } from "@/model/throttle";
import { instant } from "@/model/time";

import { readRun, type Run } from "./resolve";

const AT_MOST_EACH_MS = 1000;
const AT_LEAST_EACH_MS = 5000;

/** The paths whose answers speak of a run's task instances. */
const OF_TASKS = [
  "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}",
  "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}",
  "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/tries",
  "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}/tries",
  "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries",
] as const;

interface Pieces {
  dag_id?: string;
  run_id?: string;
  task_id?: string;
}

function renewTasks(dagId: string, runId: string, moved: Set<string>): Promise<unknown> {
  return queries.invalidateQueries({
    predicate: ({ queryKey: [path, pieces] }) => {
      const of = pieces as Pieces | undefined;
      return (OF_TASKS as readonly unknown[]).includes(path) && of?.dag_id === dagId && of.run_id === runId && moved.has(of.task_id ?? "");
    },
  });
}

/** Reads anew what moved in a run, for as long as a page shows it. */
class Follower {
  moved = new Set<string>();
  readonly meanwhile = new Meanwhile();
  readonly throttle: Throttle;

  constructor(dagId: string, runId: string, timeline: readonly unknown[]) {
    this.throttle = new Throttle(() => {
      const tasks = this.moved;
      this.moved = new Set();
      return Promise.all([
        queries.invalidateQueries({ queryKey: timeline }),
        queries.invalidateQueries({ queryKey: readRun(dagId, runId).queryKey }),
        queries.invalidateQueries({ queryKey: ["/api/v2/eventLogs"] }),
        tasks.size ? renewTasks(dagId, runId, tasks) : null,
      ]);
    }, AT_MOST_EACH_MS, AT_LEAST_EACH_MS);
  }

  hear(moves: readonly TiEvent[]): void {
    for (const move of moves) this.moved.add(move.task_id);
    this.meanwhile.hear(moves);
  }
}

const isMove = (event: StreamEvent): event is StreamEvent & { type: "ti" } => event.type === "ti";

/** What happens in the run, kept up with the stream: moves at once, the whole picture a second later. */
export function useTimeline(dagId: string, runId: string): { query: { data: TimelineAnswer | undefined; error: unknown; isPending: boolean; refetch: () => unknown }; instances: Instance[] } {
  const path = { dag_id: dagId, run_id: runId };
  const options = read("/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline", { path });
  const [follower] = useState(() => new Follower(dagId, runId, options.queryKey));
  const query = useQuery({
    ...options,
    queryFn: ({ signal }) => follower.meanwhile.read(() => api.get("/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline", { path, signal })),
  });
  useEffect(() => () => follower.throttle.stop(), [follower]);
  useTopic(`run:${dagId}/${runId}`, (events) => {
    if (events.some((event) => event.type === "reset")) {
      void queries.invalidateQueries();
      return;
    }
    const moves: TiEvent[] = events.filter(isMove).map((event) => event.data);
    if (moves.length) {
      queries.setQueryData(options.queryKey, (answer) => answer && applyMoves(answer, moves).answer);
      follower.hear(moves);
    }
    for (const event of events) {
      if (event.type === "run") queries.setQueryData<Run>(readRun(dagId, runId).queryKey, (run) => run && movedRun(run, event.data));
    }
    const over = events.some((event) => event.type === "run" && (event.data.state === "success" || event.data.state === "failed"));
    if (events.some((event) => event.type !== "log")) follower.throttle.ask(over);
  });
  useFirstLive(() => {
    if (query.data && queries.getQueryData(readRun(dagId, runId).queryKey)?.end_date === null) follower.throttle.ask(true);
  });
  const answer = query.data;
  return { query, instances: useMemo(() => (answer ? instancesOf(answer) : []), [answer]) };
}

/** When each one's turn is expected, and what it waits for. */
export type Line = ReadonlyMap<string, { startsAt: number | null; why: string }>;
const NOBODY: Line = new Map();
const LINE_EACH_MS = 5000;

/** Who of the run waits for a place: the daemon plays the whole line through. */
export function useLine(dagId: string, runId: string, instances: readonly Instance[]): Line {
  const waits = instances.some((one) => one.state === "scheduled");
  const queue = useQuery({ ...read("/api/v2/ui/queue", { query: { limit: 200 } }), enabled: waits, refetchInterval: LINE_EACH_MS }).data?.queue;
  return useMemo(() => {
    if (!waits || !queue) return NOBODY;
    const ours = queue.filter(({ ti }) => ti.dag_id === dagId && ti.dag_run_id === runId);
    return new Map(ours.map(({ ti, starts_at, waits_for }) => [
      keyOf(ti.task_id ?? "", ti.map_index), { startsAt: instant(starts_at?.p50), why: waits_for[0]?.detail ?? "" },
    ]));
  }, [waits, queue, dagId, runId]);
}

const PAGE = 100;
type Mapped = Answer<"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/listMapped">;

/** The query of a hundred instances of a mapped task, for their values: the hundred that has this index. */
export function readItems(dagId: string, runId: string, task: string, mapIndex: number) {
  return {
    ...read("/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/listMapped", {
      path: { dag_id: dagId, run_id: runId, task_id: task },
      query: { limit: PAGE, offset: Math.floor(mapIndex / PAGE) * PAGE, order_by: "map_index" },
    }),
    // What an instance was given stays.
    staleTime: Infinity,
    select: (answer: Mapped) => new Map(answer.task_instances.map((instance) => [instance.map_index, instance.item])),
  };
}

/** Of instances that are shown: one index for each query that is needed. */
export function pagesOf(shown: readonly { task: string; mapIndex: number }[]): { task: string; mapIndex: number }[] {
  const pages = new Map<string, { task: string; mapIndex: number }>();
  for (const { task, mapIndex } of shown) {
    if (mapIndex >= 0) pages.set(`${task} ${Math.floor(mapIndex / PAGE)}`, { task, mapIndex });
  }
  return [...pages.values()];
}
