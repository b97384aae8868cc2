import { describe, expect, it } from "vitest";

import { dateLabels, durationTicks, fullLabel } from "./grid_axis";
import { runOf } from "./grid_samples";

const NEW_YORK = "America/New_York";
const all = (runs: unknown[]) => runs.map((_, index) => index);
const texts = (runs: ReturnType<typeof runOf>[], zone: string, apart: number) => dateLabels(runs, all(runs), zone, apart).map((label) => `${label.column}:${label.text}`);
const days = (from: string, count: number, step = 86_400_000) =>
  Array.from({ length: count }, (_, index) => runOf("2013-01-01", "success", { execution_date: new Date(Date.parse(from) + index * step).toISOString() }));

describe("the duration axis", () => {
  it("has round numbers of one unit that hold the longest run", () => {
    const shown = (seconds: number) => durationTicks(seconds).ticks.map((tick) => tick.label).join(" ");
    expect([0.0004, 0.9, 1.78, 48, 95, 702, 5400, 40_000, 400_000].map(shown)).toEqual([
      "0 0.2 ms 0.4 ms", "0 500 ms 1000 ms", "0 1 s 2 s", "0 25 s 50 s", "0 0.8 min 1.6 min", "0 6 min 12 min", "0 0.8 h 1.6 h", "0 6 h 12 h", "0 2.5 d 5 d",
    ]);
  });
  it("holds every duration, and nothing too", () => {
    for (let seconds = 0; seconds < 200_000; seconds = seconds * 1.07 + 0.001) expect(durationTicks(seconds).top).toBeGreaterThanOrEqual(seconds * (1 - 1e-9));
    expect(durationTicks(0)).toEqual({ top: 1, ticks: [{ at: 0, label: "0" }] });
  });
});

describe("dates under columns", () => {
  it("are Mondays of the DAG's zone, with the month where it is another", () => {
    const runs = days("2013-05-08T10:00:00Z", 36);
    expect(texts(runs, NEW_YORK, 4)).toEqual(["5:13 May", "12:20", "19:27", "26:3 Jun", "33:10"]);
    expect(texts(days("2013-05-13T04:00:00Z", 8), NEW_YORK, 4)).toEqual(["0:13 May", "7:20"]);
    expect(texts(days("2013-05-13T03:00:00Z", 8), NEW_YORK, 4)).toEqual(["1:13 May"]);
  });
  it("are days of hourly runs, and times between", () => {
    expect(texts(days("2013-06-10T20:00:00Z", 16, 3_600_000), "UTC", 4)).toEqual(["0:10 Jun", "4:11", "12:08:00"]);
  });
  it("of rare runs are as many as fit, the year where it changes", () => {
    expect(texts(days("2012-12-03T00:00:00Z", 7, 7 * 86_400_000), "UTC", 3)).toEqual(["0:3 Dec", "3:24", "6:14 Jan 2013"]);
  });
  it("of the chosen run are said in full", () => {
    expect(fullLabel(runOf("2013-06-11"), "UTC")).toBe("11 Jun");
    expect(fullLabel(runOf("2013-06-11"), NEW_YORK)).toBe("10 Jun 20:00");
  });
});
