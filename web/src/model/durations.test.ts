import { describe, expect, it } from "vitest";

import { axisLabels, chosenOf, datesOf, type Durations, listedOf, quantile, rangesOf, secondsOf, versionMarks, WHOLE_RUN } from "./durations";
import { partsIn } from "./time";

const run = (day: number, state: string, duration_s: number | null, version = 1) =>
  ({ run_id: `r${day}`, execution_date: `2013-03-${String(day).padStart(2, "0")}T05:00:00Z`, run_type: "scheduled", state, reason: null, start: null, end: null, duration_s, version }) as Durations["runs"][number];
const data: Durations = {
  runs: [run(8, "success", 10), run(9, "failed", 99), run(10, "success", 12, 2), run(11, "running", null, 2), run(12, "success", 30, 3)],
  tasks: [
    { id: "a", p50_s: 1, p90_s: 2, seconds: [1, null, 1, 2, 1] }, { id: "b", p50_s: 8, p90_s: 9, seconds: [8, null, 9, null, 8] },
    { id: "new", p50_s: null, p90_s: null, seconds: [null, null, null, null, null] }, { id: "c", p50_s: 3, p90_s: 3, seconds: [3, 3, 3, 3, 3] },
    { id: "d", p50_s: 2, p90_s: 5, seconds: [2, 2, 2, 2, 5] },
  ],
};

describe("ranges", () => {
  it("count like the daemon, and take the runs that succeeded", () => {
    expect(quantile([], 0.5)).toBeNull();
    expect([quantile([3, 1, 2], 0.5), quantile([3, 1, 2], 0.9), quantile([1, 2], 0.5), quantile([4], 0.9)]).toEqual([2, 3, 1, 4]);
    expect(rangesOf(data)[0]).toEqual({ id: WHOLE_RUN, p50: 12, p90: 30 });
  });
  it("have the slowest first and what was never measured last", () => {
    expect(rangesOf(data).map((range) => range.id)).toEqual([WHOLE_RUN, "b", "c", "d", "a", "new"]);
    expect(data.tasks[0]!.id).toBe("a");
  });
});

describe("the list", () => {
  it("has what the filter finds, and what is chosen", () => {
    const ids = (filter: string, chosen: string[]) => listedOf(rangesOf(data), filter, chosen).rows.map((range) => range.id);
    expect(ids("", [])).toHaveLength(6);
    expect(ids("NE", ["c"])).toEqual(["c", "new"]);
    expect(ids("zzz", [])).toEqual([]);
  });
  it("leaves out the quick ones of a thousand, and says how many", () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({ id: `t${index}`, p50: 1000 - index, p90: 1000 }));
    const { rows, more } = listedOf(many, "", ["t999"]);
    expect([rows.length, rows.at(-1)!.id, more]).toEqual([201, "t999", 799]);
  });
});

describe("lines", () => {
  it("are those of the URL that exist, else the run and the three slowest", () => {
    const ranges = rangesOf(data);
    expect(chosenOf("", ranges)).toEqual([WHOLE_RUN, "b", "c", "d"]);
    expect(chosenOf("a,gone,whole run", ranges)).toEqual(["a", WHOLE_RUN]);
    expect(chosenOf("gone", ranges)).toHaveLength(4);
    expect(chosenOf("", rangesOf({ runs: [], tasks: [] }))).toEqual([WHOLE_RUN]);
  });
  it("have a value for each run", () => {
    expect(secondsOf(data, WHOLE_RUN)).toEqual([10, 99, 12, null, 30]);
    expect(secondsOf(data, "b")).toEqual([8, null, 9, null, 8]);
    expect(secondsOf(data, "gone")).toEqual([null, null, null, null, null]);
    expect(datesOf(data.runs)[1]! - datesOf(data.runs)[0]!).toBe(86_400);
  });
  it("have marks where the version changes", () => {
    expect(versionMarks(data.runs)).toEqual([{ run: 2, version: 2 }, { run: 4, version: 3 }]);
    expect(versionMarks([])).toEqual([]);
  });
});

describe("labels of the axis", () => {
  const label = (zone: string, step: number, ...texts: string[]) => axisLabels(texts.map((text) => Date.parse(text) / 1000), step, (ms) => partsIn(zone, ms));
  it("are days of the DAG's zone, with the year where it changes", () => {
    expect(label("America/New_York", 86_400, "2013-12-30T05:00:00Z", "2013-12-31T05:00:00Z", "2014-01-01T05:00:00Z")).toEqual(["30 Dec", "31 Dec", "1 Jan 2014"]);
  });
  it("are months, years or clocks as the step is", () => {
    expect(label("UTC", 30 * 86_400, "2013-12-01T00:00:00Z", "2014-01-01T00:00:00Z", "2014-02-01T00:00:00Z")).toEqual(["Dec", "2014", "Feb"]);
    expect(label("UTC", 366 * 86_400, "2013-01-01T00:00:00Z")).toEqual(["2013"]);
    expect(label("Asia/Kolkata", 3600, "2013-06-10T17:30:00Z", "2013-06-10T18:00:00Z", "2013-06-10T18:30:00Z")).toEqual(["23:00\n10 Jun", "23:30", "00:00\n11 Jun"]);
  });
});
