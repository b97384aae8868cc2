import { describe, expect, it } from "vitest";

import type { Instance, SegmentKind } from "./run_timeline";
import { busyOf, domainOf, FOLD_PX, gapsOf, stepFor, timeScale } from "./time_scale";

const MIN = 60_000;
const T0 = Date.parse("2013-06-12T09:27:00Z");

function with_(...segments: [SegmentKind, number, number | null][]): Instance {
  return {
    key: "a", task: "a", mapIndex: -1, state: "success", expectedS: null, critical: false, attempts: 1,
    segments: segments.map(([kind, from, to]) => ({ kind, from, to, attempt: 1, state: "success" })),
  };
}

describe("busy times", () => {
  it("are joined where they touch; waits and sensors aren't work", () => {
    expect(busyOf([with_(["running", 5, 9], ["retry_delay", 9, 20], ["queued", 20, 22]), with_(["running", 0, 6], ["sensor", 30, 99]), with_(["running", 40, null])])).toEqual([
      { from: 0, to: 9 }, { from: 20, to: 22 }, { from: 40, to: Infinity },
    ]);
  });
});

describe("gaps", () => {
  const minutes = (...pairs: [number, number][]) => pairs.map(([from, to]) => ({ from: from * MIN, to: to * MIN }));
  it("over a fifth are folded, measured by what is left after the longer ones", () => {
    expect(gapsOf(minutes([0, 10], [1000, 1010], [1110, 1120], [1121, 1130]), 0, 1130 * MIN)).toEqual(minutes([10, 1000], [1010, 1110]));
  });
  it("at the beginning count; a wait that goes on does when it is half of all", () => {
    expect(gapsOf(minutes([80, 100]), 0, 100 * MIN)).toEqual(minutes([0, 80]));
    expect(gapsOf(minutes([0, 60]), 0, 100 * MIN)).toEqual([]);
    expect(gapsOf(minutes([0, 40]), 0, 100 * MIN)).toEqual(minutes([40, 100]));
  });
  it("aren't folded where there is nothing else, nor when they are short", () => {
    expect(gapsOf([], 0, 100 * MIN)).toEqual([]);
    expect(gapsOf([{ from: 0, to: Infinity }], 0, 100 * MIN)).toEqual([]);
    expect(gapsOf([{ from: 0, to: 10_000 }, { from: 39_000, to: 50_000 }], 0, 50_000)).toEqual([]);
  });
});

describe("a time scale", () => {
  it("is linear, with ticks on round times of the zone whose labels don't touch", () => {
    const scale = timeScale({ from: T0, to: T0 + 27 * MIN, width: 416, zone: "UTC" });
    expect(scale.x(T0)).toBe(0);
    expect(scale.x(T0 + 27 * MIN)).toBeCloseTo(416);
    expect(scale.ticks.map((tick) => tick.label)).toEqual(["09:30", "09:35", "09:40", "09:45", "09:50"]);
    expect(timeScale({ from: T0, to: T0 + 27 * MIN, width: 416, zone: "Asia/Kolkata" }).ticks[0]!.label).toBe("15:00");
    for (const [index, tick] of scale.ticks.slice(1).entries()) expect(tick.x - scale.ticks[index]!.x).toBeGreaterThan(50);
  });
  it("says the date where the day changes", () => {
    const night = timeScale({ from: T0, to: T0 + 30 * 60 * MIN, width: 500, zone: "UTC" });
    expect(night.ticks.map((tick) => tick.label)).toEqual(["12 Jun 12:00", "18:00", "13 Jun", "06:00", "12:00"]);
  });
  it("counts a run of seconds from its start", () => {
    const short = timeScale({ from: T0 + 123, to: T0 + 123 + 700, width: 416, zone: "UTC" });
    expect(short.ticks.map((tick) => tick.label)).toEqual(["0.0 s", "0.2 s", "0.4 s", "0.6 s"]);
    expect(short.ticks[0]!.x).toBe(0);
  });
  it("gives a fold a few pixels, and what is within it its share of them", () => {
    const gap = { from: T0 + MIN, to: T0 + 601 * MIN };
    const scale = timeScale({ from: T0, to: T0 + 602 * MIN, width: 226, zone: "UTC", gaps: [gap] });
    expect(scale.folds).toEqual([{ ...gap, x: 100 }]);
    expect([scale.x(T0 + MIN), scale.x(T0 + 301 * MIN), scale.x(T0 + 601 * MIN), scale.x(T0 + 602 * MIN)]).toEqual([100, 100 + FOLD_PX / 2, 126, 226]);
    const wide = timeScale({ from: T0, to: T0 + 602 * MIN, width: 826, zone: "UTC", gaps: [gap] });
    expect(wide.ticks.length).toBeGreaterThan(4);
    // The fold's own label stands in its middle.
    expect(wide.ticks.every((tick) => Math.abs(tick.x - 400 - FOLD_PX / 2) > 50)).toBe(true);
  });
  it("has no two ticks of the same second beside a fold", () => {
    const gap = { from: T0 + 1000, to: T0 + 55 * MIN };
    const labels = timeScale({ from: T0, to: gap.to + 2000, width: 800, zone: "UTC", gaps: [gap] }).ticks.map((tick) => tick.label);
    expect(labels.length).toBeGreaterThan(1);
    expect(new Set(labels).size).toBe(labels.length);
  });
  it("keeps what is outside at its ends, and lives with no width and no time", () => {
    const scale = timeScale({ from: T0, to: T0 + MIN, width: 100, zone: "UTC" });
    expect([scale.x(T0 - MIN), scale.x(T0 + 2 * MIN)]).toEqual([0, 100]);
    expect(timeScale({ from: T0, to: T0, width: 0, zone: "UTC" }).x(T0)).toBe(0);
  });
});

describe("the shown time", () => {
  it("ends with the run; of one that goes on, after what is expected or now, and in steps", () => {
    expect(domainOf(T0, T0 + MIN, null, T0 + 99 * MIN, 400)).toEqual({ from: T0, to: T0 + MIN });
    const live = domainOf(T0, null, T0 + 25 * MIN, T0 + 14 * MIN, 400);
    expect(live.to).toBeGreaterThan(T0 + 25 * MIN);
    expect(domainOf(T0, null, T0 + 25 * MIN, T0 + 14 * MIN + 1000, 400)).toEqual(live);
    const unknown = domainOf(T0, null, null, T0 + 14 * MIN, 400);
    expect(unknown.to).toBeGreaterThan(T0 + 14 * MIN);
    expect(domainOf(T0, null, null, T0 + 14 * MIN + 1000, 400)).toEqual(unknown);
  });
  it("leaves out what is folded when it leaves room after now", () => {
    const gap = { from: T0 + 1000, to: T0 + 55 * MIN };
    expect(domainOf(T0, null, null, T0 + 55 * MIN, 400, [gap]).to - gap.to).toBeLessThan(2000);
  });
  it("has a step at which labels fit", () => {
    expect(stepFor(27 * MIN, 416)).toBe(5 * MIN);
    expect(stepFor(10 * 365 * 86_400_000, 100) % 2_592_000_000).toBe(0);
  });
});
