import { describe, expect, it } from "vitest";

import type { RunEvent } from "@/api/events";

import { applyRunsToList, isDay, type ListedRun, makerOf, queryOf, type RunFilter, type RunList } from "./run_list";

const none: RunFilter = { state: "all", type: "", dag: "", from: "", to: "", backfill: "", order: "-id", offset: 0 };

describe("the filter of the list", () => {
  it("asks for everything, newest first, when nothing is chosen", () => {
    expect(queryOf(none, 50)).toEqual({ limit: 50, offset: 0, order_by: "-id" });
  });
  it("asks for what is chosen, the last day included", () => {
    expect(queryOf({ ...none, state: "failed", type: "manual", dag: " etl_* ", from: "2012-12-30", to: "2012-12-31", backfill: "7", order: "logical_date", offset: 50 }, 50)).toEqual({
      limit: 50, offset: 50, order_by: "logical_date", state: ["failed"], run_type: ["manual"], dag_id_pattern: "etl_%",
      logical_date_gte: "2012-12-30T00:00:00Z", logical_date_lt: "2013-01-01T00:00:00.000Z", backfill_id: 7,
    });
  });
  it("leaves out words of a URL that mean nothing", () => {
    expect(queryOf({ ...none, state: "dreaming", type: "x", from: "yesterday", backfill: "a", order: "conf" }, 50)).toEqual({ limit: 50, offset: 0, order_by: "-id" });
  });
});

it("knows days", () => {
  expect(["2013-06-11", "2012-02-29", "2013-02-29", "2013-13-01", "2013-6-1", ""].map(isDay)).toEqual([true, true, false, false, false, false]);
});

describe("rows of the list", () => {
  const run = { dag_id: "etl", dag_run_id: "r1", state: "running", start_date: "2013-06-12T09:00:00Z", end_date: null, duration: null } as ListedRun;
  const list: RunList = { dag_runs: [run], total_entries: 1 } as RunList;
  const event = (changes: Partial<RunEvent>) => [{ id: 1, data: { dag_id: "etl", run_id: "r1", state: "success", from: "running", at: "2013-06-12T09:01:30Z", ...changes } as RunEvent }];

  it("take the end of their run", () => {
    expect(applyRunsToList(list, event({})).dag_runs[0]).toMatchObject({ state: "success", end_date: "2013-06-12T09:01:30Z", duration: 90 });
  });
  it("begin anew with a cleared run", () => {
    const ended = applyRunsToList(list, event({}));
    expect(applyRunsToList(ended, event({ state: "queued" })).dag_runs[0]).toMatchObject({ state: "queued", start_date: null, end_date: null, duration: null });
  });
  it("are the same object when no row moved", () => {
    expect(applyRunsToList(list, event({ run_id: "other" }))).toBe(list);
    expect(applyRunsToList(list, event({ state: "running" }))).toBe(list);
  });
});

it("says who made a run", () => {
  const maker = (changes: Partial<ListedRun>) => makerOf({ triggered_by: "timetable", triggering_user_name: null, backfill_id: null, ...changes } as ListedRun);
  expect(maker({})).toBe("its schedule");
  expect(maker({ triggered_by: "rest_api", triggering_user_name: "ci" })).toBe("ci");
  expect(maker({ triggered_by: "backfill", triggering_user_name: "backfill 7", backfill_id: 7 })).toBe("backfill 7");
  expect(maker({ triggered_by: "asset" })).toBe("data");
});
