import { describe, expect, it } from "vitest";

import { type Action, cautionsOf, type CautionsOf, datedBy, missingSource, type PlanAnswer, planOf } from "./backfill_plan";

const NEW_YORK = "America/New_York";
const totals = (changes: Partial<Record<Action, number>>) => {
  const all = { create: 0, rerun: 0, skip: 0, running: 0, blocked: 0, ...changes };
  return { ...all, total: Object.values(all).reduce((a, b) => a + b, 0) };
};
const span = (from: string, to: string, number: number, action: Action, reason = "no run yet") => ({ from, to, count: number, action, reason });
const estimate = { seconds: 60, mean_run_seconds: 5, p90_seconds: 70, cpu_h: 1, gpu_h: 0, samples: 20, max_active_runs: 4, pool_series: [] };

function answerOf(spans: PlanAnswer["spans"], changes: Partial<PlanAnswer> = {}): PlanAnswer {
  const sums: Partial<Record<Action, number>> = {};
  for (const each of spans) sums[each.action] = (sums[each.action] ?? 0) + each.count;
  return { backfills: [], total_entries: totals(sums).total, totals: totals(sums), spans, cascade: [], left_out: [], estimate, revision: "1", ...changes };
}

/** A day from midnight to midnight in New York, in summer time. */
const day = (date: string) => `${date}T04:00:00Z`;

function cautions(answer: PlanAnswer, changes: Partial<CautionsOf> = {}) {
  return cautionsOf({ plan: planOf(answer), answer, zone: NEW_YORK, now: Date.parse("2014-01-01T00:00:00Z"), isPaused: false, reprocess: "none", ...changes })
    .map(({ who, text, fate }) => `${who} | ${text} | ${fate}`);
}

describe("a plan", () => {
  it("is by date whatever its direction, and knows each date if all were told", () => {
    const answer = answerOf([span(day("2013-06-12"), day("2013-06-13"), 2, "skip"), span(day("2013-06-10"), day("2013-06-11"), 2, "create")], {
      backfills: ["2013-06-13", "2013-06-12", "2013-06-11", "2013-06-10"].map((date) => ({ execution_date: day(date), action: date > "2013-06-11" ? "skip" : "create", reason: "" })),
    });
    const plan = planOf(answer);
    expect(plan.stretches.map((each) => each.kind)).toEqual(["create", "skip"]);
    expect(plan.exact?.map((date) => date.kind)).toEqual(["create", "create", "skip", "skip"]);
    expect([plan.even, plan.runs, plan.first, plan.last]).toEqual([true, 2, Date.parse(day("2013-06-10")), Date.parse(day("2013-06-13"))]);
    expect(planOf({ ...answer, backfills: answer.backfills.slice(0, 3) }).exact).toBeNull();
  });
  it("gives ticks their stretch's action, and ticks between none", () => {
    const { stretches } = planOf(answerOf([span("2013-06-07T10:00:00Z", "2013-06-10T10:00:00Z", 2, "create"), span("2013-06-11T10:00:00Z", "2013-06-11T10:00:00Z", 1, "skip")]));
    const ticks = ["2013-06-06", "2013-06-07", "2013-06-10", "2013-06-11", "2013-06-12"].map((date) => Date.parse(`${date}T10:00:00Z`));
    expect(datedBy(ticks, stretches).map((date) => date.kind)).toEqual(["create", "create", "skip"]);
    expect(datedBy([Date.parse("2013-06-11T00:00:00Z")], stretches)).toEqual([]);
  });
});

describe("worth a look", () => {
  it("are days of 23 and 25 hours that would run, not those that stay", () => {
    const year = answerOf([span("2013-01-01T05:00:00Z", "2013-12-31T05:00:00Z", 365, "create")]);
    expect(cautions(year)).toEqual([
      "2013-03-10 | A 23-hour day: New York's clocks went forward. Hourly inputs have as many files. | will run",
      "2013-11-03 | A 25-hour day: New York's clocks went back. Hourly inputs have as many files. | will run",
    ]);
    expect(cautions(answerOf([span("2013-01-01T05:00:00Z", "2013-12-31T05:00:00Z", 365, "skip")]))).toEqual([]);
    expect(cautions(answerOf([span("2013-03-10T05:00:00Z", "2013-03-11T03:00:00Z", 23, "create")], {
      backfills: [0, 1, 2].map((hour) => ({ execution_date: new Date(Date.parse("2013-03-10T05:00:00Z") + hour * 3_600_000).toISOString(), action: "create" as const, reason: "" })),
    }))).toEqual([
      "2013-03-10 | A 23-hour day: New York's clocks went forward. It has 23 dates. | will run",
    ]);
    expect(cautions(year, { zone: "UTC" })).toEqual([]);
  });
  it("are dates of another backfill, by backfill, and runs that go on", () => {
    const answer = answerOf([
      span(day("2013-06-01"), day("2013-06-03"), 3, "blocked", "backfill 7 has it"), span(day("2013-06-04"), day("2013-06-04"), 1, "running", "a run is active"),
      span(day("2013-06-05"), day("2013-06-05"), 1, "blocked", "backfill 9 has it"),
    ]);
    expect(cautions(answer)).toEqual([
      "3 dates | Backfill 7 has them and is still going. From 2013-06-01 to 2013-06-03. | left out",
      "2013-06-05 | Backfill 9 has it and is still going. | left out",
      "2013-06-04 | Its run is active and keeps its place. | left out",
    ]);
  });
  it("are what follows downstream, what doesn't, a full pool, a paused DAG, good runs that go, and the future", () => {
    const answer = answerOf([span(day("2013-06-01"), day("2013-06-02"), 2, "rerun")], {
      cascade: [{ dag_id: "train", totals: totals({ create: 1, rerun: 4 }) }, { dag_id: "report", totals: totals({ skip: 3 }) }],
      left_out: [{ dag_id: "odd", reason: "it reads a partition of its own" }],
      estimate: { ...estimate, pool_series: [{ pool: "cpu", slots: 2, points: [{ at: "", used: 2 }] }, { pool: "gpu", slots: 4, points: [{ at: "", used: 1 }] }] },
    });
    expect(cautions(answer, { isPaused: true, reprocess: "completed", now: Date.parse("2013-06-01T12:00:00Z") })).toEqual([
      "The future | The last dates lie ahead of now, up to 2013-06-02. | will run",
      "2 runs | Are there and run again, good ones too; their outputs get new versions. | will run",
      "The DAG | Is paused. A backfill runs all the same. | will run",
      "train | Reads what this one makes: 5 runs follow. | will follow",
      "report | Reads what this one makes, but none of its dates is renewed. | stays",
      "odd | Reads what this one makes, and isn't run: it reads a partition of its own. | left out",
      "Pool cpu | All 2 slots would be in use. Other work goes first by its weight, but has fewer slots to share. | will share",
    ]);
  });
  it("are sources without a partition, or with an empty one", () => {
    const dates = ["2013-06-01", "2013-06-02", "2013-06-03", "2013-06-04"];
    const answer = answerOf([span(day(dates[0]!), day(dates[2]!), 3, "create"), span(day(dates[3]!), day(dates[3]!), 1, "skip")], {
      backfills: dates.map((date) => ({ execution_date: day(date), action: date === dates[3] ? "skip" as const : "create" as const, reason: "" })),
    });
    const plan = planOf(answer);
    const source = missingSource(plan, "raw", [{ at: Date.parse(day(dates[0]!)), rows: 5 }, { at: Date.parse(day(dates[1]!)), rows: 0 }]);
    expect(source).toEqual({ dataset: "raw", missing: 1, empty: 1, first: Date.parse(day(dates[1]!)) });
    expect(cautions(answer, { sources: [source!] })).toEqual([
      "raw | Read by this DAG; it has no partition for 1 of these dates and is empty for 1 of them, first 2013-06-02. | will run",
    ]);
    expect(missingSource({ ...plan, exact: null }, "raw", [{ at: Date.parse(day(dates[0]!)), rows: null }])).toMatchObject({ missing: 2, empty: 0 });
    expect(missingSource(plan, "raw", dates.map((date) => ({ at: Date.parse(day(date)), rows: null })))).toBeNull();
  });
});
