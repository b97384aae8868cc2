import { describe, expect, it } from "vitest";

import type { LaneBar } from "./overview";
import { barsAt, laneState, marksOf, type Scale, ticksOf } from "./timeline";

const T0 = Date.parse("2013-06-12T00:00:00Z");
const iso = (ms: number) => new Date(T0 + ms).toISOString();
/** 100 px for 100 seconds. */
const scale: Scale = { from: T0, to: T0 + 100_000, width: 100 };
const bar = (state: LaneBar["state"], from: number, to: number | null, id = `${state}${from}`): LaneBar => ({
  run_id: state ? id : null, state, start: iso(from * 1000), end: to === null ? null : iso(to * 1000), planned: state === null,
});

describe("marks of a lane", () => {
  it("lie where the runs are, a pixel from their neighbours", () => {
    expect(marksOf([bar("success", 10, 20), bar("success", 20, 40)], scale, T0)).toEqual([
      { x: 10, w: 9, state: "success" }, { x: 20, w: 19, state: "success" },
    ]);
  });
  it("can be seen however short the run was", () => {
    expect(marksOf([bar("failed", 50, 50.01)], scale, T0)).toEqual([{ x: 50, w: 3, state: "failed" }]);
  });
  it("merge where there are more runs than pixels, and a failure isn't hidden", () => {
    const many = Array.from({ length: 500 }, (_, index) => bar("success", 10 + index * 0.1, 10.05 + index * 0.1));
    expect(marksOf(many, scale, T0)).toEqual([{ x: 10, w: 52, state: "success" }]);
    many.push(bar("failed", 30, 30.01));
    expect(marksOf(many, scale, T0)).toEqual([
      { x: 10, w: 20, state: "success" }, { x: 30, w: 3, state: "failed" }, { x: 33, w: 29, state: "success" },
    ]);
  });
  it("let what runs reach to now, and plans stand after it", () => {
    expect(marksOf([bar("running", 40, null), bar(null, 80, null)], scale, T0 + 60_000)).toEqual([
      { x: 40, w: 19, state: "running" }, { x: 80, w: 3, state: "planned" },
    ]);
  });
  it("stay within the window", () => {
    expect(marksOf([bar("success", -50, 10), bar("success", 95, 200), bar("success", -20, -10)], scale, T0)).toEqual([
      { x: 0, w: 9, state: "success" }, { x: 95, w: 5, state: "success" },
    ]);
  });
});

describe("a place on a lane", () => {
  it("is of the runs there, the failed first", () => {
    const bars = [bar("success", 10, 20), bar("failed", 12, 14), bar("success", 60, 70)];
    expect(barsAt(bars, scale, T0, 13).map((each) => each.run_id)).toEqual(["failed12", "success10"]);
    expect(barsAt(bars, scale, T0, 40)).toEqual([]);
  });
  it("may be a pixel beside a short run", () => {
    expect(barsAt([bar("success", 50, 50.1)], scale, T0, 49)).toHaveLength(1);
  });
});

describe("a lane's state", () => {
  it("is what runs, else what ended last, else what comes", () => {
    expect(laneState([bar("failed", 10, 20), bar("running", 5, null)])).toBe("running");
    expect(laneState([bar("success", 30, 40), bar("failed", 10, 20), bar(null, 80, null)])).toBe("success");
    expect(laneState([bar("success", 30, 40), bar("queued", 50, null)])).toBe("queued");
    expect(laneState([bar(null, 80, null)])).toBe("scheduled");
    expect(laneState([])).toBe("none");
  });
});

describe("ticks", () => {
  const hours = (from: string, to: string, width: number): Scale => ({ from: Date.parse(from), to: Date.parse(to), width });
  it("are round times, as close as there is room", () => {
    const ticks = ticksOf(hours("2013-06-12T03:42:00Z", "2013-06-12T11:42:00Z", 660), "UTC");
    expect(ticks.map((tick) => tick.label)).toEqual(["04:00", "05:00", "06:00", "07:00", "08:00", "09:00", "10:00", "11:00"]);
    expect(ticks[0]!.x).toBeCloseTo((18 / 480) * 660);
  });
  it("are round in the zone", () => {
    const ticks = ticksOf(hours("2013-06-12T03:42:00Z", "2013-06-12T11:42:00Z", 660), "Asia/Kolkata");
    expect(ticks[0]).toMatchObject({ label: "10:00", at: Date.parse("2013-06-12T04:30:00Z") });
  });
  it("say the date at midnight", () => {
    const ticks = ticksOf(hours("2013-06-11T20:00:00Z", "2013-06-12T04:00:00Z", 660), "UTC");
    expect(ticks.map((tick) => tick.label)).toContain("12 Jun");
  });
  it("are the days of a week, also when the clocks change", () => {
    const ticks = ticksOf(hours("2013-03-07T17:00:00Z", "2013-03-14T17:00:00Z", 700), "America/New_York");
    expect(ticks.map((tick) => tick.label)).toEqual(["8 Mar", "9 Mar", "10 Mar", "11 Mar", "12 Mar", "13 Mar", "14 Mar"]);
  });
  it("keep to the clock over a change of it", () => {
    const ticks = ticksOf(hours("2013-03-10T05:00:00Z", "2013-03-10T13:00:00Z", 500), "America/New_York");
    expect(ticks.map((tick) => tick.label)).toEqual(["10 Mar", "04:00", "06:00", "08:00"]);
  });
});
