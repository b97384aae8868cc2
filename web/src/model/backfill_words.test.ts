import { describe, expect, it } from "vitest";

import { formOf, readForm } from "./backfill_form";
import { likeOf, type MadeBackfill, wishOf } from "./backfill_like";
import { begunDates, columnsOfDates, taskProgress } from "./backfill_tasks";
import { movedWords, rangeWords } from "./backfill_words";
import { runOf, sampleGrid } from "./grid_samples";
import { paramsOf } from "./params";

const NEW_YORK = "America/New_York";

describe("a backfill's dates in words", () => {
  const range = (from_date: string, to_date: string, zone = NEW_YORK) => rangeWords({ from_date, to_date, dates: [] }, zone);
  it("are days of the DAG's zone, the year said once", () => {
    expect(range("2013-01-01T05:00:00Z", "2013-05-31T04:00:00Z")).toBe("1 Jan to 31 May 2013");
    expect(range("2012-12-31T00:00:00Z", "2013-01-02T00:00:00Z", "UTC")).toBe("31 Dec 2012 to 2 Jan 2013");
    expect(range("2013-06-11T04:00:00Z", "2013-06-11T04:00:00Z")).toBe("11 Jun 2013");
  });
  it("end with the last second of a day without saying so", () => {
    expect(range("2013-03-10T05:00:00Z", "2013-03-11T03:59:59Z")).toBe("10 Mar 2013");
    expect(range("2013-01-01T05:00:00Z", "2013-06-12T03:59:59Z")).toBe("1 Jan to 11 Jun 2013");
  });
  it("have times where those say something", () => {
    expect(range("2013-06-11T10:30:00Z", "2013-06-12T10:30:00Z")).toBe("11 Jun 2013 06:30 to 12 Jun 2013 06:30");
  });
  it("may be a list", () => {
    const dates = ["2013-06-13T00:00:00Z", "2013-06-11T00:00:00Z"];
    expect(rangeWords({ from_date: null, to_date: null, dates }, "UTC")).toBe("2 dates from 11 Jun to 13 Jun 2013");
    expect(rangeWords({ from_date: null, to_date: null, dates: dates.slice(1) }, "UTC")).toBe("11 Jun 2013");
  });
});

describe("what moved", () => {
  it("is told by execution dates", () => {
    expect(movedWords("2013-06-05T04:00:00Z: was create, is skip (already succeeded)", NEW_YORK)).toBe("2013-06-05 was create, is skip (already succeeded)");
    expect(movedWords("date 7: was create, is skip", NEW_YORK)).toBe("date 7: was create, is skip");
  });
});

describe("one like it", () => {
  const made: MadeBackfill = {
    dag_id: "etl", from_date: "2013-01-01T05:00:00Z", to_date: "2013-06-12T03:59:59Z", dates: [], dag_run_conf: { days: 7, label: "it's", api_key: "***" },
    reprocess_behavior: "failed", max_active_runs: 4, run_backwards: true, task_ids: ["load"], include_upstream: true, include_downstream: false,
    dag_version: "pinned", pool: "gpu", priority: 3, description: "again", cascade: true,
  };
  const params = paramsOf({
    days: { value: 1, description: null, schema: { type: "integer" } }, label: { value: "", description: null, schema: { type: "string" } },
    api_key: { value: "k", description: null, schema: { type: "string" } },
  });
  it("asks for the same, but what is masked", () => {
    const { wish, faults } = readForm(formOf(new URLSearchParams(likeOf(made))), { zone: NEW_YORK, params, start: null, end: null });
    expect(faults).toEqual({});
    expect(wish).toEqual(wishOf(made));
    expect(wish?.params).toEqual({ days: 7, label: "it's" });
  });
  it("takes the same dates", () => {
    const listed = { ...made, from_date: null, to_date: null, dates: ["2013-06-11T04:00:00Z", "2013-06-13T04:00:00Z"] };
    const { wish } = readForm(formOf(new URLSearchParams(likeOf(listed))), { zone: "UTC", params, start: null, end: null });
    expect(wish?.dates).toEqual(listed.dates);
  });
});

describe("its tasks", () => {
  it("are counted over the dates that have begun, not over older runs of the others", () => {
    const days = ["2013-06-10", "2013-06-11", "2013-06-12"];
    const model = sampleGrid(["load", "check", "report"], ["sss", "sfu", "sss"], days.map((day) => runOf(day)));
    const at = (index: number) => Date.parse(model.runs[index]!.execution_date);
    const dates = [{ at: at(0), kind: "success" as const }, { at: at(1), kind: "failed" as const }, { at: at(2), kind: "queued" as const }];
    const columns = columnsOfDates(model, begunDates(dates));
    expect(columns).toEqual([0, 1]);
    expect(taskProgress(model, columns).map(({ id, success, failed, upstream, done }) => [id, success, failed, upstream, done])).toEqual([["load", 2, 0, 0, 2], ["check", 1, 1, 0, 2], ["report", 1, 0, 1, 2]]);
  });
});
