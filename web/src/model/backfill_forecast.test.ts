import { describe, expect, it } from "vitest";

import { clockTicks, forecastOf } from "./backfill_forecast";

const now = Date.parse("2013-06-12T09:42:00Z");
const iso = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
const pool = (name: string, slots: number, used: number) => ({ pool: name, slots, points: [{ at: iso(0), used }, { at: iso(50), used }, { at: iso(56), used: 0 }] });
const estimate = { seconds: 56 * 60, mean_run_seconds: 6 * 60, p90_seconds: 70 * 60, cpu_h: 15, gpu_h: 0, samples: 20, max_active_runs: 4, pool_series: [pool("gpu", 8, 1), pool("cpu", 16, 8)] };

describe("a forecast", () => {
  it("has a lane for each run at a time, from now to the end", () => {
    const found = forecastOf(estimate, 38, now)!;
    expect(found.lanes).toHaveLength(4);
    expect(found.lanes.flat().length).toBe(40);
    for (const bar of found.lanes.flat()) {
      expect(bar.from).toBeGreaterThanOrEqual(now);
      expect(bar.to).toBeLessThanOrEqual(found.endsAt);
      expect(bar.to).toBeGreaterThan(bar.from);
    }
    expect([found.endsAt, found.surelyAt]).toEqual([Date.parse(iso(56)), Date.parse(iso(70))]);
    expect(found.ticks.map((at) => new Date(at).toISOString().slice(11, 16))).toEqual(["09:50", "10:00", "10:10", "10:20", "10:30", "10:40", "10:50"]);
  });
  it("shows the pool that is fullest", () => {
    expect(forecastOf(estimate, 38, now)!.pool).toMatchObject({ name: "cpu", slots: 16 });
    expect(forecastOf({ ...estimate, pool_series: [] }, 38, now)!.pool).toBeNull();
  });
  it("stays small for very many runs, and never has more lanes than runs", () => {
    const many = forecastOf({ ...estimate, max_active_runs: 64 }, 87_672, now)!;
    expect([many.lanes.length, many.atOnce, many.lanes.flat().length]).toEqual([5, 64, 800]);
    expect(forecastOf(estimate, 2, now)!.lanes).toHaveLength(2);
  });
  it("is none without runs or without history", () => {
    expect(forecastOf(estimate, 0, now)).toBeNull();
    expect(forecastOf({ ...estimate, seconds: null, mean_run_seconds: null }, 5, now)).toBeNull();
  });
  it("has few ticks, however long it takes", () => {
    for (const hours of [0.01, 0.5, 3, 30, 500, 9000]) expect(clockTicks(now, now + hours * 3_600_000).length).toBeLessThanOrEqual(9);
  });
});
