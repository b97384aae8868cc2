import { describe, expect, it } from "vitest";

import type { RunEvent } from "@/api/events";

import {
  applyRuns, applyRunsToDags, backfillsUnderWay, type Backfills, concurrency, type LaneBar, type LastRun, type Overview, type RunMove,
  type UiDags, waitingFor,
} from "./overview";

const at = (clock: string) => `2013-06-12T${clock}:00Z`;
const bar = (run_id: string | null, state: LaneBar["state"], start: string, end: string | null): LaneBar => ({
  run_id, state, start: at(start), end: end && at(end), planned: run_id === null,
});
const overview = (bars: LaneBar[] = [], more: Partial<Overview> = {}): Overview => ({
  revision: 10, now: at("09:42"), from: at("03:42"), to: at("11:42"),
  counters: { runs_running: 1, runs_queued: 1, runs_success: 5, runs_failed: 0, tasks_running: 0, tasks_waiting: 0, dags: 1, dags_paused: 0 },
  attention: [], lanes: bars.length ? [{ dag_id: "etl", bars }] : [], truncated: false, ...more,
});
const move = (id: number, changes: Partial<RunEvent>): RunMove => ({
  id,
  data: { dag_id: "etl", run_id: "r1", execution_date: at("00:00"), run_type: "scheduled", state: "running", from: "queued", cause: "", at: at("09:43"), ...changes },
});

describe("a run that moves", () => {
  it("changes counters and its bar", () => {
    const after = applyRuns(overview([bar("r1", "running", "09:40", null)]), [move(11, { state: "success", from: "running" })]);
    expect(after.counters).toMatchObject({ runs_running: 0, runs_success: 6, runs_queued: 1 });
    expect(after.lanes[0]!.bars).toEqual([bar("r1", "success", "09:40", "09:43")]);
    expect(after.revision).toBe(11);
  });

  it("counts from what is shown, not from the event's word: merged events leave moves out", () => {
    const after = applyRuns(overview([bar("r1", "queued", "09:40", null)]), [move(11, { state: "success", from: "running" })]);
    expect(after.counters).toMatchObject({ runs_running: 1, runs_queued: 0, runs_success: 6 });
  });

  it("changes nothing that the answer knows already, however often it is told", () => {
    const before = overview([bar("r1", "running", "09:40", null)]);
    expect(applyRuns(before, [move(10, { state: "success" })])).toBe(before);
    const after = applyRuns(before, [move(11, { state: "success" })]);
    expect(applyRuns(after, [move(11, { state: "success" })])).toBe(after);
  });

  it("stays as it is when an older answer comes with the events since", () => {
    const moves = [move(11, { state: "success" }), move(12, { run_id: "r2", execution_date: at("01:00") })];
    const before = overview([bar("r1", "running", "09:40", null)]);
    const late = applyRuns(before, moves);
    expect(applyRuns(overview([bar("r1", "success", "09:40", "09:43")], { revision: 11, counters: { ...before.counters, runs_running: 0, runs_success: 6 } }), moves)).toEqual(late);
  });

  it("is new: a lane, a bar, and what was planned for it goes", () => {
    const planned = [bar(null, null, "09:42", "09:50"), bar(null, null, "10:42", "10:50")];
    const after = applyRuns(overview(planned), [move(11, { state: "running", from: null })]);
    expect(after.counters.runs_running).toBe(2);
    expect(after.lanes[0]!.bars).toEqual([bar("r1", "running", "09:43", null), planned[1]]);
    const other = applyRuns(overview(planned), [move(11, { dag_id: "a_new_one", run_type: "manual" })]);
    expect(other.lanes.map((lane) => [lane.dag_id, lane.bars.length])).toEqual([["a_new_one", 1], ["etl", 2]]);
  });

  it("starts again when it was cleared", () => {
    const after = applyRuns(overview([bar("r1", "failed", "08:00", "08:10")], {}), [move(11, { state: "queued", from: "failed" })]);
    expect(after.lanes[0]!.bars).toEqual([bar("r1", "queued", "09:43", null)]);
  });

  it("takes the event's word when not all runs are in the answer", () => {
    const after = applyRuns(overview([], { truncated: true }), [move(11, { state: "failed", from: "running" })]);
    expect(after.counters).toMatchObject({ runs_running: 0, runs_failed: 1 });
  });

  it("never counts below nothing, and skips words it doesn't know", () => {
    const empty = overview([bar("r1", "running", "09:40", null)]);
    empty.counters.runs_running = 0;
    expect(applyRuns(empty, [move(11, { state: "success" })]).counters.runs_running).toBe(0);
    expect(applyRuns(empty, [move(11, { state: "dreaming" })])).toBe(empty);
  });

  it("leaves its argument alone", () => {
    const before = overview([bar("r1", "running", "09:40", null)]);
    const copy = structuredClone(before);
    applyRuns(before, [move(11, { state: "success" }), move(12, { run_id: "r2" })]);
    expect(before).toEqual(copy);
  });
});

const run = (run_id: string, state: LastRun["state"], day: number, changes: Partial<LastRun> = {}): LastRun => ({
  run_id, state, execution_date: new Date(Date.UTC(2013, 5, day)).toISOString(), run_type: "scheduled", reason: null, start: at("09:40"), end: null,
  duration_s: null, ...changes,
});
const list = (last_runs: LastRun[], running = 0, queued = 0): UiDags => ({
  total_entries: 1,
  dags: [{
    dag_id: "etl", tags: [], schedule_text: "@daily", timezone: "UTC", is_paused: false, owner: null, description: null, running, queued,
    next_run_at: null, last_runs, p50_s: null, trend: null, freshest_output: null,
  }],
});

describe("the last runs of a DAG", () => {
  it("take a run's end, with how long it took", () => {
    const { dags } = applyRunsToDags(list([run("r1", "running", 11)], 1), [move(11, { state: "success", from: "running" })]);
    expect(dags[0]).toMatchObject({ running: 0 });
    expect(dags[0]!.last_runs[0]).toMatchObject({ state: "success", end: at("09:43"), duration_s: 180 });
  });
  it("take a new run at its date, and stay thirty", () => {
    const thirty = Array.from({ length: 30 }, (_, index) => run(`d${index + 1}`, "success", index + 1));
    const { dags } = applyRunsToDags(list(thirty, 0, 1), [move(11, { execution_date: "2013-07-01T00:00:00Z" })]);
    expect(dags[0]!.last_runs).toHaveLength(30);
    expect(dags[0]!.last_runs.at(-1)).toMatchObject({ run_id: "r1", state: "running", start: at("09:43") });
    expect(dags[0]).toMatchObject({ running: 1, queued: 0 });
    const old = applyRunsToDags(list(thirty), [move(11, { execution_date: "2001-01-01T00:00:00Z", state: "success" })]);
    expect(old.dags[0]!.last_runs.map((each) => each.run_id)).not.toContain("r1");
  });
  it("are the same object when nothing of them moved", () => {
    const page = list([]);
    expect(applyRunsToDags(page, [move(11, { dag_id: "other" })])).toBe(page);
  });
  it("count a move once", () => {
    const once = applyRunsToDags(list([run("r1", "queued", 11)], 0, 1), [move(11, {})]);
    const twice = applyRunsToDags(once, [move(11, {})]);
    expect([twice.dags[0]!.running, twice.dags[0]!.queued]).toEqual([1, 0]);
  });
});

describe("runs at a time", () => {
  it("are counted in each piece of the window", () => {
    const now = Date.parse(at("09:42"));
    const some = overview([bar("a", "success", "03:42", "05:41"), bar("b", "running", "05:00", null), bar("q", "queued", "04:00", null), bar(null, null, "09:00", "09:10")]);
    expect(concurrency(some, now, 3)).toEqual([2, 1, 1]);
  });
  it("aren't guessed when runs are missing", () => {
    expect(concurrency(overview([], { truncated: true }), 0)).toBeNull();
  });
});

it("says what is waited for, devices before their pool", () => {
  const waits = (...kinds: string[]) => ({ waits_for: kinds.map((kind) => ({ kind, detail: "" })) }) as never;
  expect(waitingFor([waits("pool"), waits("pool", "gpu"), waits("gpu"), waits()])).toEqual([
    { kind: "gpu", count: 2 }, { kind: "pool", count: 1 }, { kind: "turn", count: 1 },
  ]);
});

it("adds up the backfills under way", () => {
  const backfill = (completed_at: string | null, counts: Partial<Backfills[number]["counts"]>) =>
    ({ completed_at, counts: { total: 0, queued: 0, running: 0, success: 0, failed: 0, skipped: 0, cancelled: 0, ...counts } }) as Backfills[number];
  const sum = backfillsUnderWay([
    backfill(null, { total: 10, success: 4, failed: 1, running: 2, queued: 3 }),
    backfill(null, { total: 5, skipped: 1, cancelled: 1, queued: 3 }),
    backfill(at("09:00"), { total: 90, success: 90 }),
  ]);
  expect(sum.counts).toEqual({ total: 15, success: 4, failed: 1, skipped: 1, cancelled: 1, running: 2, queued: 6 });
  expect(sum.open).toHaveLength(2);
});
