import { describe, expect, it } from "vitest";

import { datesOf, type MatrixAnswer, monthsOf, patchMatrix } from "./backfill_matrix";
import { type Counts, doneOf, patchBackfill, sharesOf, sharesText } from "./backfill_states";
import { medianOf, stepText, throughputOf, ticksOf } from "./backfill_throughput";
import { partsIn, startOfDay } from "./time";

const letters = { q: "queued", r: "running", s: "success", f: "failed", k: "skipped", c: "cancelled" } as const;
const even: MatrixAnswer = { first_date: "2013-06-10T00:00:00Z", step_seconds: 86_400, dates: null, cells: "sfrq", letters };
const odd: MatrixAnswer = { first_date: "2013-03-09T05:00:00Z", step_seconds: null, dates: ["2013-03-09T05:00:00Z", "2013-03-10T05:00:00Z", "2013-03-11T04:00:00Z"], cells: "srq", letters };
const counts: Counts = { total: 151, success: 93, failed: 3, skipped: 0, cancelled: 0, running: 4, queued: 51 };

describe("the matrix of a backfill", () => {
  it("is a letter a date, evenly spaced or each named", () => {
    expect(datesOf(even).map(({ at, kind }) => [new Date(at).toISOString().slice(0, 10), kind])).toEqual([
      ["2013-06-10", "success"], ["2013-06-11", "failed"], ["2013-06-12", "running"], ["2013-06-13", "queued"],
    ]);
    expect(datesOf(odd).map(({ at }) => (at - Date.parse("2013-03-09T05:00:00Z")) / 3_600_000)).toEqual([0, 24, 47]);
  });
  it("follows the runs that the stream tells of", () => {
    const run = (execution_date: string | null, state: string) => ({ execution_date, state });
    expect(patchMatrix(even, [run("2013-06-12T00:00:00Z", "success"), run("2013-06-13T00:00:00Z", "queued")]).cells).toBe("sfsr");
    expect(patchMatrix(odd, [run("2013-03-11T04:00:00Z", "running"), run("2013-03-11T04:00:00Z", "failed")]).cells).toBe("srf");
  });
  it("is the same one when nothing of it changed", () => {
    for (const run of [
      { execution_date: "2013-06-10T00:00:00Z", state: "success" }, { execution_date: "2013-06-12T01:00:00Z", state: "failed" },
      { execution_date: "2013-07-12T00:00:00Z", state: "failed" }, { execution_date: null, state: "failed" },
      { execution_date: "2013-06-12T00:00:00Z", state: "asleep" },
    ]) {
      expect(patchMatrix(even, [run])).toBe(even);
      expect(patchMatrix(odd, [run])).toBe(odd);
    }
  });
  it("is summed up by month of the zone", () => {
    const zone = "America/New_York";
    const dates = datesOf({ ...even, first_date: "2013-05-31T04:00:00Z", cells: "sfrq" });
    const months = monthsOf(dates, (at) => partsIn(zone, at), (year, month) => startOfDay(zone, year, month, 1));
    expect(months.map(({ month, total, done, counts: each }) => [month, total, done, each])).toEqual([
      [5, 1, 1, { success: 1 }], [6, 3, 1, { failed: 1, running: 1, queued: 1 }],
    ]);
  });
});

describe("counts", () => {
  it("add up", () => {
    expect(sharesOf(counts).reduce((sum, share) => sum + share.count, 0)).toBe(counts.total);
    expect(doneOf(counts)).toBe(96);
    expect(sharesText(counts)).toBe("93 success, 3 failed, 4 running, 51 not started");
  });
  it("follow the events", () => {
    const before = { state: "running", is_paused: false, counts, pool: null };
    expect(patchBackfill(before, { state: "paused" })).toEqual({ ...before, state: "paused", is_paused: true });
    const more = { success: 94, running: 3 };
    expect(patchBackfill(before, { state: "running", counts: more }).counts).toEqual({ ...counts, ...more });
  });
});

describe("throughput", () => {
  const at = (minute: number) => Date.parse("2013-06-12T07:00:00Z") + minute * 60_000;
  it("counts ends by buckets, and goes on at the present pace until it is done", () => {
    const ends = Array.from({ length: 96 }, (_, index) => at(index * 1.65 + 0.5));
    const found = throughputOf(ends, at(160), 55, at(160 + 100))!;
    expect(stepText(found.step)).toBe("10 min");
    expect(found.past.reduce((sum, bucket) => sum + bucket.ended, 0)).toBe(96);
    expect(found.past.at(-1)!.from).toBeLessThanOrEqual(at(160));
    expect(found.ahead[0]!.from).toBe(found.past.at(-1)!.from + 600_000);
    expect(Math.max(...found.ahead.map((bucket) => bucket.ended))).toBeCloseTo(5.5);
    expect(found.past.length + found.ahead.length).toBeLessThanOrEqual(37);
  });
  it("shows the beginning of a long way ahead", () => {
    const found = throughputOf([at(0), at(5), at(10)], at(10), 50_000, at(100_000))!;
    expect(found.isCut).toBe(true);
    expect(found.ahead.at(-1)!.from).toBeLessThan(at(30));
    expect(found.past.length).toBeGreaterThan(5);
  });
  it("counts what ended after the now of a page whose clock is late", () => {
    const found = throughputOf([at(10)], at(10) - 2_000, 5, at(12))!;
    expect(found.past).toEqual([{ from: at(10), ended: 1 }]);
    expect(found.ahead.length).toBeGreaterThan(0);
  });
  it("has nothing ahead when it is over, and is nothing without an end", () => {
    expect(throughputOf([at(0), at(1)], at(500), 0, null)).toMatchObject({ ahead: [], highest: 1 });
    expect(throughputOf([], at(0), 5, at(9))).toBeNull();
  });
  it("has a round axis", () => {
    expect(ticksOf(7)).toEqual([0, 5, 10]);
    expect(ticksOf(1)).toEqual([0, 1]);
    expect(ticksOf(130)).toEqual([0, 50, 100, 150]);
  });
  it("has a middle", () => {
    expect(medianOf([3, 1, 2])).toBe(2);
    expect(medianOf([4, 1, 2, 3])).toBe(2.5);
    expect(medianOf([])).toBeNull();
  });
});
