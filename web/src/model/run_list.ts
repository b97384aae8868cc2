import type { Answer, Query } from "@/api/client";

import type { RunMove } from "./overview";

// The list of runs over all DAGs: what its filters ask of the API, and what events change in its rows.

export type RunList = Answer<"/api/v2/dags/{dag_id}/dagRuns">;
export type ListedRun = RunList["dag_runs"][number];
type RunsQuery = Query<"/api/v2/dags/{dag_id}/dagRuns">;

export const RUN_TYPES = {
  scheduled: "Scheduled", manual: "By hand", backfill: "Backfill", dataset_triggered: "On data",
} as const;
export type RunType = keyof typeof RUN_TYPES;
export const RUN_STATES = ["running", "queued", "failed", "success"] as const;

/** What the URL of the page says. */
export interface RunFilter {
  state: string;
  type: string;
  dag: string;
  /** Execution dates as `2001-01-05`, both included; of UTC, as the runs of many DAGs have many zones. */
  from: string;
  to: string;
  backfill: string;
  order: string;
  offset: number;
}

/** `2013-06-11`, a day of the calendar. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;
}

export function queryOf(filter: RunFilter, limit: number): RunsQuery {
  const query: RunsQuery = { limit, offset: filter.offset };
  query.order_by = ["-id", "-logical_date", "logical_date"].includes(filter.order) ? filter.order : "-id";
  if ((RUN_STATES as readonly string[]).includes(filter.state)) query.state = [filter.state as (typeof RUN_STATES)[number]];
  if (Object.hasOwn(RUN_TYPES, filter.type)) query.run_type = [filter.type as RunType];
  const dag = filter.dag.trim();
  // LIKE's own sign for anything is a star here.
  if (dag) query.dag_id_pattern = dag.replaceAll("%", "").replaceAll("*", "%");
  if (isDay(filter.from)) query.logical_date_gte = `${filter.from}T00:00:00Z`;
  if (isDay(filter.to)) query.logical_date_lt = new Date(Date.parse(`${filter.to}T00:00:00Z`) + 86_400_000).toISOString();
  if (/^\d+$/.test(filter.backfill)) query.backfill_id = Number(filter.backfill);
  return query;
}

/** Rows whose run moved; which rows there are is the API's to say. */
export function applyRunsToList(list: RunList, moves: readonly RunMove[]): RunList {
  const newest = new Map(moves.map((move) => [`${move.data.dag_id}/${move.data.run_id}`, move.data]));
  let changed = false;
  const dag_runs = list.dag_runs.map((run) => {
    const event = newest.get(`${run.dag_id}/${run.dag_run_id}`);
    if (!event || event.state === run.state) return run;
    changed = true;
    const state = event.state as ListedRun["state"];
    const ended = state === "success" || state === "failed";
    const start_date = state === "running" ? event.at : state === "queued" ? null : run.start_date;
    const end_date = ended ? event.at : null;
    return { ...run, state, start_date, end_date, duration: start_date && end_date ? (Date.parse(end_date) - Date.parse(start_date)) / 1000 : null };
  });
  return changed ? { ...list, dag_runs } : list;
}

/** Who or what made a run: `backfill 7`, a token's name, the timetable. */
export function makerOf({ triggered_by, triggering_user_name, backfill_id }: Pick<ListedRun, "triggered_by" | "triggering_user_name" | "backfill_id">): string {
  if (backfill_id) return `backfill ${backfill_id}`;
  if (triggering_user_name) return triggering_user_name;
  return { timetable: "its schedule", rest_api: "the API", backfill: "a backfill", asset: "data" }[triggered_by] ?? triggered_by;
}
