import { describe, expect, it } from "vitest";

import { dateName, intervalText, parseRunName, pickRun, rangeOf, runPath } from "./run_address";

const NEW_YORK = "America/New_York";
const run = (execution_date: string, dag_run_id = `scheduled__${execution_date}`) => ({ dag_run_id, execution_date });

describe("a run's path", () => {
  it("is the date where that is one midnight of the DAG's zone", () => {
    expect(runPath("etl", run("2013-06-11T04:00:00Z"), NEW_YORK)).toBe("/dags/etl/runs/2013-06-11");
    expect(runPath("etl", run("2013-06-11T00:00:00Z"), "UTC", { task: "a b", try: 2, tab: null })).toBe("/dags/etl/runs/2013-06-11?task=a+b&try=2");
  });
  it("is the run id without a zone, for other times of day, and for a moment", () => {
    expect(runPath("etl", run("2013-06-11T00:00:00Z", "manual__2013-06-11T00:00:00+00:00"))).toBe("/dags/etl/runs/manual__2013-06-11T00:00:00+00:00");
    expect(runPath("etl", run("2013-06-11T00:00:00Z", "r1"), NEW_YORK)).toBe("/dags/etl/runs/r1");
    expect(runPath("etl", run("2013-06-11T00:00:00.000123Z", "r2"), "UTC")).toBe("/dags/etl/runs/r2");
    expect(runPath("etl", "a/b c", "UTC")).toBe("/dags/etl/runs/a%2Fb%20c");
    expect(runPath("etl", { run_id: "r3", execution_date: null }, "UTC")).toBe("/dags/etl/runs/r3");
  });
  it("comes back as the instant it was made from, on days where clocks change too", () => {
    for (const [zone, at] of [[NEW_YORK, "2013-03-10T05:00:00Z"], [NEW_YORK, "2013-11-03T04:00:00Z"], ["Asia/Kolkata", "2013-06-10T18:30:00Z"], ["Pacific/Chatham", "2013-06-10T11:15:00Z"], ["America/Sao_Paulo", "2013-06-11T03:00:00Z"]] as const) {
      const name = dateName(at, zone)!;
      expect(rangeOf(parseRunName(name), zone)!.exact).toEqual([Date.parse(at)]);
    }
  });
  it("is no date where midnight is struck twice: Havana goes back from one o'clock", () => {
    expect(dateName("2013-11-03T04:00:00Z", "America/Havana")).toBeNull();
    expect(dateName("2013-11-03T05:00:00Z", "America/Havana")).toBeNull();
    expect(dateName("2013-11-02T04:00:00Z", "America/Havana")).toBe("2013-11-02");
  });
});

describe("the name in a path", () => {
  it("may be a day, a time of the zone, an instant or an id", () => {
    expect(parseRunName("2013-06-11")).toEqual({ kind: "date", year: 2013, month: 6, day: 11, clock: null });
    expect(parseRunName("2013-06-11T05:30")).toMatchObject({ kind: "date", clock: { hour: 5, minute: 30, second: null } });
    expect(parseRunName("2013-06-11T05:30:00Z")).toEqual({ kind: "instant", at: Date.parse("2013-06-11T05:30:00Z") });
    expect(parseRunName("2013-06-11T05:30:00+05:30")).toEqual({ kind: "instant", at: Date.parse("2013-06-11T00:00:00Z") });
    expect(parseRunName("manual__2013-06-11")).toEqual({ kind: "id", id: "manual__2013-06-11" });
  });
  it("means a range of execution dates: 23 hours on the short day", () => {
    expect(rangeOf(parseRunName("2013-03-10"), NEW_YORK)).toEqual({
      from: Date.parse("2013-03-10T05:00:00Z"), to: Date.parse("2013-03-11T04:00:00Z"), exact: [Date.parse("2013-03-10T05:00:00Z")],
    });
    expect(rangeOf(parseRunName("2013-11-03T01:30"), NEW_YORK)).toEqual({
      from: Date.parse("2013-11-03T05:30:00Z"), to: Date.parse("2013-11-03T06:31:00Z"),
      exact: [Date.parse("2013-11-03T05:30:00Z"), Date.parse("2013-11-03T06:30:00Z")],
    });
    expect(rangeOf(parseRunName("r1"), "UTC")).toBeNull();
  });
  it("picks the exact run, else the only one, else none", () => {
    const range = rangeOf(parseRunName("2013-06-11"), "UTC")!;
    const midnight = run("2013-06-11T00:00:00Z");
    const noon = run("2013-06-11T12:00:00Z");
    expect(pickRun([noon, midnight], range)).toBe(midnight);
    expect(pickRun([noon], range)).toBe(noon);
    expect(pickRun([noon, run("2013-06-11T13:00:00Z")], range)).toBeNull();
    expect(pickRun([], range)).toBeNull();
  });
});

describe("a data interval", () => {
  it("is two dates of the DAG's zone, with hours where it has them", () => {
    expect(intervalText("2013-06-09T04:00:00Z", "2013-06-10T04:00:00Z", NEW_YORK)).toBe("9 Jun – 10 Jun");
    expect(intervalText("2013-12-31T00:00:00Z", "2014-01-01T00:00:00Z", "UTC")).toBe("31 Dec 2013 – 1 Jan 2014");
    expect(intervalText("2013-06-10T10:00:00Z", "2013-06-10T10:10:00Z", NEW_YORK)).toBe("10 Jun 06:00 – 06:10");
    expect(intervalText("2013-06-03T11:00:00Z", "2013-06-10T11:00:00Z", NEW_YORK)).toBe("3 Jun 07:00 – 10 Jun 07:00");
    expect(intervalText("2013-06-10T03:55:00Z", "2013-06-10T04:00:00Z", NEW_YORK)).toBe("9 Jun 23:55 – 10 Jun 00:00");
    expect(intervalText("2013-06-10T00:00:00Z", "2013-06-10T00:00:00Z", "UTC")).toBeNull();
  });
});
