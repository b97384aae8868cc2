import { dayNumber, instantsOf } from "./calendar";
import { type ListedRun, RUN_STATES, RUN_TYPES, type RunList, type RunType } from "./run_list";

// The runs of one DAG: what the filters of its tab ask of the API. Days are days of the DAG's zone.

export const RUN_ORDERS = ["logical_date", "start_date", "duration", "state"] as const;
export type RunOrder = (typeof RUN_ORDERS)[number];

export interface DagRunFilter {
  state: string;
  type: string;
  /** Execution dates, both days included. */
  from: string;
  to: string;
  version: string;
  backfill: string;
  /** `-duration`: the longest first. */
  order: string;
  offset: number;
}

const whole = (text: string) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null);

export function orderOf(text: string): { key: RunOrder; down: boolean } {
  const key = RUN_ORDERS.find((each) => each === text.replace(/^-/, ""));
  return key ? { key, down: text.startsWith("-") } : { key: "logical_date", down: true };
}

/** A click on a column: first the end that people look for, then the other one. */
export function nextOrder(current: string, key: RunOrder): string {
  const { key: now, down } = orderOf(current);
  return now === key && down ? key : `-${key}`;
}

export function dagRunsQuery(filter: DagRunFilter, zone: string, limit: number) {
  const { key, down } = orderOf(filter.order);
  const state = RUN_STATES.find((each) => each === filter.state);
  const version = whole(filter.version);
  const backfill = whole(filter.backfill);
  return {
    limit, offset: Math.max(0, filter.offset), order_by: `${down ? "-" : ""}${key}`,
    ...(state ? { state: [state] } : {}),
    ...(Object.hasOwn(RUN_TYPES, filter.type) ? { run_type: [filter.type as RunType] } : {}),
    ...(dayNumber(filter.from) >= 0 ? { logical_date_gte: instantsOf(zone, filter.from)[0] } : {}),
    ...(dayNumber(filter.to) >= 0 ? { logical_date_lt: instantsOf(zone, filter.to)[1] } : {}),
    ...(version === null ? {} : { dag_version: [version] }),
    ...(backfill === null ? {} : { backfill_id: backfill }),
  };
}

/** Seconds that a run has lasted, up to `now` while it runs; null before its start. */
export function secondsOfRun(run: Pick<ListedRun, "duration" | "start_date" | "state">, now: number): number | null {
  if (run.duration !== null) return run.duration;
  if (run.state !== "running" || !run.start_date) return null;
  return Math.max(0, Math.round((now - Date.parse(run.start_date)) / 1000));
}

/** Of the page's longest run, for bars that can be compared. */
export function longestOf(list: RunList, now: number): number {
  return Math.max(1e-9, ...list.dag_runs.map((run) => secondsOfRun(run, now) ?? 0));
}

/** At most two, the one chosen first goes. */
export function chosenTwo(chosen: readonly string[], id: string): string[] {
  return chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id].slice(-2);
}
