import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";

import type { Answer } from "@/api/client";
import type { StreamEvent, TiEvent } from "@/api/events";
import { queries, read } from "@/api/queries";
import { useTopic } from "@/api/stream";
import { applyMoves, type Instance, instancesOf, type TimelineAnswer } from "@/model/run_timeline";

import { readRun, type Run } from "./resolve";

const AT_MOST_EACH_MS = 1000;

/** Does it now, or as soon as a while has gone by since it last began: the longer it takes, the longer the while. */
function useThrottled(act: () => Promise<unknown>): () => void {
  const state = useRef({ next: 0, timer: undefined as ReturnType<typeof setTimeout> | undefined });
  const newest = useRef(act);
  useEffect(() => {
    newest.current = act;
  });
  useEffect(() => {
    const { current } = state;
    return () => clearTimeout(current.timer);
  }, []);
  return useMemo(() => () => {
    const { current } = state;
    if (current.timer !== undefined) return;
    current.timer = setTimeout(() => {
      const began = Date.now();
      void newest.current().finally(() => {
        const took = Date.now() - began;
        current.next = Math.max(began + AT_MOST_EACH_MS, Date.now() + 3 * took);
        current.timer = undefined;
      });
    }, Math.max(0, current.next - Date.now()));
  }, []);
}

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

const isMove = (event: StreamEvent): event is StreamEvent & { type: "ti" } => event.type === "ti";

/** What happens in the run, kept up with the stream: moves at once, the whole picture a second later. */
export function useTimeline(dagId: string, runId: string): { query: { data: TimelineAnswer | undefined; error: unknown; isPending: boolean; refetch: () => unknown }; instances: Instance[] } {
  const path = { dag_id: dagId, run_id: runId };
  const options = read("/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline", { path });
  const query = useQuery(options);
  const moved = useRef(new Set<string>());
  const refresh = useThrottled(async () => {
    const tasks = moved.current;
    moved.current = new Set();
    await Promise.all([
      queries.invalidateQueries({ queryKey: options.queryKey }),
      queries.invalidateQueries({ queryKey: readRun(dagId, runId).queryKey }),
      queries.invalidateQueries({ queryKey: ["/api/v2/eventLogs"] }),
      tasks.size ? renewTasks(dagId, runId, tasks) : null,
    ]);
  });
  useTopic(`run:${dagId}/${runId}`, (events) => {
    if (events.some((event) => event.type === "reset")) {
      void queries.invalidateQueries();
      return;
    }
    const moves: TiEvent[] = events.filter(isMove).map((event) => event.data);
    if (moves.length) {
      queries.setQueryData(options.queryKey, (answer) => answer && applyMoves(answer, moves).answer);
      for (const move of moves) moved.current.add(move.task_id);
    }
    for (const event of events) {
      if (event.type === "run") queries.setQueryData<Run>(readRun(dagId, runId).queryKey, (run) => run && { ...run, state: event.data.state as Run["state"] });
    }
    if (events.some((event) => event.type !== "log")) refresh();
  });
  const answer = query.data;
  return { query, instances: useMemo(() => (answer ? instancesOf(answer) : []), [answer]) };
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
