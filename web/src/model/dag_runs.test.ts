import { describe, expect, it } from "vitest";

import { chosenTwo, type DagRunFilter, dagRunsQuery, longestOf, nextOrder, secondsOfRun } from "./dag_runs";
import type { RunList } from "./run_list";

const none: DagRunFilter = { state: "all", type: "", from: "", to: "", version: "", backfill: "", order: "", offset: 0 };
const ask = (filter: Partial<DagRunFilter>, zone = "America/New_York") => dagRunsQuery({ ...none, ...filter }, zone, 50);

describe("what is asked", () => {
  it("are the latest dates first, without a filter", () => {
    expect(ask({})).toEqual({ limit: 50, offset: 0, order_by: "-logical_date" });
  });
  it("are days of the DAG's zone, of 23 and 25 hours as well", () => {
    expect(ask({ from: "2013-03-10", to: "2013-03-10" })).toMatchObject({ logical_date_gte: "2013-03-10T05:00:00.000Z", logical_date_lt: "2013-03-11T04:00:00.000Z" });
    expect(ask({ from: "2013-11-03", to: "2013-11-03" })).toMatchObject({ logical_date_gte: "2013-11-03T04:00:00.000Z", logical_date_lt: "2013-11-04T05:00:00.000Z" });
    expect(ask({ from: "2013-06-11" }, "Pacific/Chatham")).toMatchObject({ logical_date_gte: "2013-06-10T11:15:00.000Z" });
  });
  it("leaves out what isn't a filter", () => {
    expect(ask({ state: "odd", type: "toString", from: "yesterday", to: "2013-02-30", version: "0", backfill: "x", order: "hash", offset: -3 })).toEqual(ask({}));
    expect(ask({ state: "failed", type: "dataset_triggered", version: "3", backfill: "7", order: "duration" })).toEqual({
      limit: 50, offset: 0, order_by: "duration", state: ["failed"], run_type: ["dataset_triggered"], dag_version: [3], backfill_id: 7,
    });
  });
});

describe("columns", () => {
  it("turn round at the second click", () => {
    expect([nextOrder("", "logical_date"), nextOrder("logical_date", "logical_date"), nextOrder("-duration", "state"), nextOrder("-state", "state")]).toEqual(["logical_date", "-logical_date", "-state", "state"]);
  });
  it("measure runs, those that run up to now", () => {
    const run = (state: string, start_date: string | null, duration: number | null) => ({ state, start_date, duration }) as RunList["dag_runs"][number];
    const now = Date.parse("2013-06-11T10:00:30Z");
    expect([run("success", "2013-06-11T09:00:00Z", 4.5), run("running", "2013-06-11T10:00:00Z", null), run("queued", null, null)].map((each) => secondsOfRun(each, now))).toEqual([4.5, 30, null]);
    expect(longestOf({ dag_runs: [run("success", null, 4), run("running", "2013-06-11T10:00:00Z", null)] } as unknown as RunList, now)).toBe(30);
    expect(longestOf({ dag_runs: [] } as unknown as RunList, now)).toBeGreaterThan(0);
  });
});

it("two runs are compared: a third takes the place of the first", () => {
  expect([chosenTwo([], "a"), chosenTwo(["a"], "b"), chosenTwo(["a", "b"], "c"), chosenTwo(["a", "b"], "a")]).toEqual([["a"], ["a", "b"], ["b", "c"], ["b"]]);
});
