import type { Answer } from "@/api/client";
import type { RunEvent } from "@/api/events";

import { sumOf } from "./backfill_states";

// What an event of a run changes in the answers that the overview shows (docs/ui-api.md). Pure: the same answer and events give
// the same answer, and an event that the answer knows already changes nothing.

export type Overview = Answer<"/api/v2/ui/overview">;
export type Lane = Overview["lanes"][number];
export type LaneBar = Lane["bars"][number];
export type UiDags = Answer<"/api/v2/ui/dags">;
export type UiDag = UiDags["dags"][number];
export type LastRun = UiDag["last_runs"][number];

/** An event of a run with its number in the record. */
export interface RunMove {
  id: number | null;
  data: RunEvent;
}

type RunState = LastRun["state"];
const COUNTER = { running: "runs_running", queued: "runs_queued", success: "runs_success", failed: "runs_failed" } as const;
const LAST_RUNS = 30;

function isRunState(word: string | null): word is RunState {
  return word !== null && word in COUNTER;
}
const isActive = (state: RunState) => state === "running" || state === "queued";

/** The bar of a run that moved: it begins when the run is first seen, when it starts and when it starts again. */
function movedBar(bar: LaneBar | undefined, { run_id, at }: RunEvent, state: RunState): LaneBar {
  const begins = !bar || state === "running" || (bar.state && !isActive(bar.state) && isActive(state));
  return { run_id, start: begins ? at : bar.start, end: isActive(state) ? null : at, state, planned: false };
}

export function applyRuns(overview: Overview, moves: readonly RunMove[]): Overview {
  const fresh = moves.filter(({ id, data }) => (id === null || id > overview.revision) && isRunState(data.state));
  if (!fresh.length) return overview;
  const lanes = new Map(overview.lanes.map((lane) => [lane.dag_id, lane]));
  const copied = new Set<string>();
  const counters = { ...overview.counters };
  for (const { data } of fresh) {
    if (!copied.has(data.dag_id)) {
      copied.add(data.dag_id);
      lanes.set(data.dag_id, { dag_id: data.dag_id, bars: [...(lanes.get(data.dag_id)?.bars ?? [])] });
    }
    const { bars } = lanes.get(data.dag_id)!;
    const state = data.state as RunState;
    const index = bars.findIndex((bar) => bar.run_id === data.run_id);
    // Merged events leave moves out, so what is known here beats `from`; but not all runs may be in a truncated answer.
    const before = index >= 0 ? bars[index]!.state : overview.truncated && isRunState(data.from) ? data.from : null;
    if (before === state) continue;
    if (before) counters[COUNTER[before]] = Math.max(0, counters[COUNTER[before]] - 1);
    counters[COUNTER[state]] += 1;
    const bar = movedBar(bars[index], data, state);
    if (index >= 0) {
      bars[index] = bar;
    } else {
      bars.unshift(bar);
      // What was planned until now has become this run.
      if (data.run_type === "scheduled") {
        lanes.get(data.dag_id)!.bars = bars.filter((each) => !each.planned || Date.parse(each.start) > Date.parse(data.at));
      }
    }
  }
  return {
    ...overview,
    counters,
    revision: Math.max(overview.revision, ...fresh.map(({ id }) => id ?? 0)),
    lanes: [...lanes.values()].sort((a, b) => (a.dag_id < b.dag_id ? -1 : 1)),
  };
}

function movedRun(run: LastRun | undefined, { run_id, execution_date, run_type, at }: RunEvent, state: RunState): LastRun {
  const start = state === "running" ? at : state === "queued" ? null : (run?.start ?? null);
  const end = isActive(state) ? null : at;
  return {
    run_id,
    execution_date: run?.execution_date ?? execution_date ?? at,
    run_type: run?.run_type ?? (run_type as LastRun["run_type"]),
    state,
    reason: null,
    start,
    end,
    duration_s: start && end ? (Date.parse(end) - Date.parse(start)) / 1000 : null,
  };
}

function moveDag(dag: UiDag, moves: readonly RunMove[]): UiDag {
  let { running, queued } = dag;
  const runs = [...dag.last_runs];
  const count = (state: string | null, by: 1 | -1) => {
    if (state === "running") running = Math.max(0, running + by);
    if (state === "queued") queued = Math.max(0, queued + by);
  };
  for (const { data } of moves) {
    if (!isRunState(data.state)) continue;
    const index = runs.findIndex((run) => run.run_id === data.run_id);
    const before = index >= 0 ? runs[index]!.state : data.from;
    if (before === data.state) continue;
    count(before, -1);
    count(data.state, 1);
    const run = movedRun(runs[index], data, data.state);
    if (index >= 0) runs[index] = run;
    else runs.push(run);
  }
  // Oldest first by execution date, as the API has them; a rerun of a date long ago isn't among the last.
  runs.sort((a, b) => Date.parse(a.execution_date) - Date.parse(b.execution_date));
  return { ...dag, running, queued, last_runs: runs.slice(-LAST_RUNS) };
}

export function applyRunsToDags(page: UiDags, moves: readonly RunMove[]): UiDags {
  const byDag = new Map<string, RunMove[]>();
  for (const move of moves) byDag.set(move.data.dag_id, [...(byDag.get(move.data.dag_id) ?? []), move]);
  if (!page.dags.some((dag) => byDag.has(dag.dag_id))) return page;
  return { ...page, dags: page.dags.map((dag) => (byDag.has(dag.dag_id) ? moveDag(dag, byDag.get(dag.dag_id)!) : dag)) };
}

/** How many runs ran at a time in each of `steps` equal pieces of the window; null when not all of them are known. */
export function concurrency(overview: Overview, now: number, steps = 28): number[] | null {
  if (overview.truncated) return null;
  const from = Date.parse(overview.from);
  const step = (now - from) / steps;
  const counts = Array.from({ length: steps }, () => 0);
  for (const { bars } of overview.lanes) {
    for (const bar of bars) {
      if (bar.planned || bar.state === "queued") continue;
      const first = Math.max(0, Math.floor((Date.parse(bar.start) - from) / step));
      const last = Math.min(steps - 1, Math.floor(((bar.end ? Date.parse(bar.end) : now) - from) / step));
      for (let i = first; i <= last; i += 1) counts[i]! += 1;
    }
  }
  return counts;
}

/** Reasons of waiting, the most frequent first; what waits for several counts for the first that isn't the pool of the device. */
export function waitingFor(queue: Answer<"/api/v2/ui/queue">["queue"]): { kind: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { waits_for } of queue) {
    const kinds = waits_for.map((wait) => wait.kind);
    const kind = kinds.includes("gpu") ? "gpu" : (kinds[0] ?? "turn");
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1));
}

export type Backfills = Answer<"/api/v2/backfills">["backfills"];

/** All backfills that aren't at their end, taken together. */
export function backfillsUnderWay(backfills: Backfills) {
  const open = backfills.filter((backfill) => !backfill.completed_at);
  return { open, counts: sumOf(open.map((backfill) => backfill.counts)) };
}
