import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { parseEvent, type StreamEvent } from "@/api/events";
import { SseReader } from "@/api/sse";

import { cellOf, cellWords, type GridModel, MAPPED, NOTED } from "./grid";
import { applyEvents } from "./grid_events";
import { runOf, sampleGrid } from "./grid_samples";

const ti = (id: number, task: string, state: string | null, from: string | null, more: object = {}): StreamEvent => ({
  type: "ti", id, data: {
    dag_id: "etl", run_id: "manual__2013-06-02", task_id: task, map_index: -1, try_number: 1, state, from, cause: "exit:0", at: "2013-06-02T06:00:05Z", ...more,
  },
});
const run = (id: number, date: string, state: string, at = "2013-06-02T06:00:09Z"): StreamEvent => ({
  type: "run", id, data: {
    dag_id: "etl", run_id: `manual__${date}`, execution_date: `${date}T00:00:00Z`, run_type: "manual", state, from: null, cause: "", at,
  },
});
const words = (model: GridModel, task: string, column: number) => cellWords(cellOf(model, model.taskIndex.get(task)!, column));

describe("events of task instances", () => {
  const grid = sampleGrid(["a", "b"], ["ss", "r."]);

  it("change their cell in a copy", () => {
    const { model, refetch } = applyEvents(grid, [ti(101, "a", "success", "running"), ti(102, "b", "running", "queued")]);
    expect([words(model, "a", 1), words(model, "b", 1)]).toEqual(["success", "running"]);
    expect([words(grid, "a", 1), words(grid, "b", 1)]).toEqual(["running", "no status"]);
    expect(model.revision).toBe(102);
    expect(refetch).toBe("none");
  });
  it("that are in the grid already change nothing", () => {
    expect(applyEvents(grid, [ti(100, "a", "failed", "running")]).model).toBe(grid);
  });
  it("mark a second try, and keep the note", () => {
    const noted = { ...grid, cells: grid.cells.map((cell) => cell | NOTED) };
    const { model } = applyEvents(noted, [ti(101, "a", "running", "queued", { try_number: 2 })]);
    expect(words(model, "a", 1)).toBe("running, tried more than once, has a note");
  });
  it("of a cleared task empty its cell", () => {
    const { model } = applyEvents(grid, [ti(101, "a", null, "success")]);
    expect(words(model, "a", 1)).toBe("no status");
  });
  it("of a run that isn't shown are nothing; of a task that isn't, ask for the grid", () => {
    expect(applyEvents(grid, [ti(101, "a", "failed", "running", { run_id: "other" })])).toMatchObject({ refetch: "none" });
    expect(applyEvents(grid, [ti(101, "new", "running", "queued")])).toMatchObject({ refetch: "now" });
  });
});

describe("events of mapped instances", () => {
  const grid = sampleGrid(["m"], ["r"], [runOf("2013-06-02", "running")]);
  const running = { ...grid, cells: grid.cells.map((cell) => cell | MAPPED) };

  it("that need eyes more are the cell", () => {
    const { model, refetch } = applyEvents(running, [ti(101, "m", "failed", "running", { map_index: 3 })]);
    expect([words(model, "m", 0), refetch]).toEqual(["failed, mapped", "none"]);
  });
  it("that get better leave it, and ask whether it was the last of its kind", () => {
    const { model, refetch } = applyEvents(running, [ti(101, "m", "success", "running", { map_index: 3 })]);
    expect([words(model, "m", 0), refetch]).toEqual(["running, mapped", "later"]);
  });
  it("of other kinds than the cell's don't", () => {
    expect(applyEvents(running, [ti(101, "m", "success", "queued", { map_index: 3 })]).refetch).toBe("none");
  });
  it("can't be running in a run that has ended", () => {
    expect(applyEvents(running, [run(101, "2013-06-02", "success")]).refetch).toBe("now");
  });
});

describe("events of runs", () => {
  const grid = sampleGrid(["a"], ["s", "."], [runOf("2013-06-01"), runOf("2013-06-02", "queued")]);

  it("start and end a run", () => {
    const started = applyEvents(grid, [run(101, "2013-06-02", "running")]).model;
    expect(started.runs[1]).toMatchObject({ state: "running", start: "2013-06-02T06:00:09Z", end: null, duration_s: null });
    const ended = applyEvents(started, [run(102, "2013-06-02", "failed", "2013-06-02T06:01:39Z")]).model;
    expect(ended.runs[1]).toMatchObject({ state: "failed", end: "2013-06-02T06:01:39Z", duration_s: 90 });
    const cleared = applyEvents(ended, [run(103, "2013-06-02", "queued")]).model;
    expect(cleared.runs[1]).toMatchObject({ state: "queued", start: null, duration_s: null });
    expect(cleared.runs[0]).toBe(grid.runs[0]);
    expect(cleared.cells).toBe(grid.cells);
  });
  it("give a new run its column where its date belongs, at once, and ask for the rest of it", () => {
    const { model, refetch } = applyEvents(grid, [
      ti(101, "a", "running", "queued", { run_id: "manual__2013-06-03" }), run(102, "2013-06-03", "running", "2013-06-03T06:00:00Z"),
    ]);
    expect(refetch).toBe("later");
    expect(model.runs.map((each) => [each.run_id, each.state])).toEqual([
      ["manual__2013-06-01", "success"], ["manual__2013-06-02", "queued"], ["manual__2013-06-03", "running"],
    ]);
    expect([words(model, "a", 0), words(model, "a", 1), words(model, "a", 2)]).toEqual(["success", "no status", "running"]);
    expect(model.runs[2]).toMatchObject({ start: "2013-06-03T06:00:00Z", version: 1 });
    expect(grid.runs).toHaveLength(2);

    const between = applyEvents(model, [run(103, "2013-06-02", "queued"), { ...run(104, "2013-06-02", "queued"), data: { ...run(104, "2013-06-02", "queued").data, run_id: "other" } } as StreamEvent]).model;
    expect(between.runs.map((each) => each.run_id)).toEqual(["manual__2013-06-01", "manual__2013-06-02", "other", "manual__2013-06-03"]);
    expect([words(between, "a", 2), words(between, "a", 3)]).toEqual(["no status", "running"]);
    expect(between.runIndex.get("manual__2013-06-03")).toBe(3);
  });
  it("let the oldest run go when there are as many as are shown", () => {
    const { model } = applyEvents(grid, [run(101, "2013-06-03", "queued")], { until: Infinity, runs: 2 });
    expect(model.runs.map((each) => each.run_id)).toEqual(["manual__2013-06-02", "manual__2013-06-03"]);
    expect([...model.cells]).toEqual([0, 0]);
  });
  it("give a new run the tasks that the newest one has", () => {
    const mapped = sampleGrid(["a", "gone", "m"], ["s-s"]);
    const { model } = applyEvents({ ...mapped, tasks: mapped.tasks.map((task) => ({ ...task, mapped: task.id === "m" })) }, [run(101, "2013-06-03", "queued")]);
    expect(["a", "gone", "m"].map((task) => words(model, task, 1))).toEqual(["no status", "not in this version", "no status, mapped"]);
  });
  it("ask for the grid when it has no run yet; a run that is older or later than what is shown is nothing", () => {
    expect(applyEvents(sampleGrid(["a"], []), [run(101, "2013-06-03", "queued")]).refetch).toBe("now");
    const older = [run(101, "2013-05-01", "running")];
    expect(applyEvents(grid, older, { until: Infinity, runs: 2 })).toMatchObject({ refetch: "none", model: { runs: grid.runs } });
    // With room for more runs than there were, one that is older is new: a backfill that goes backwards.
    expect(applyEvents(grid, older, { until: Infinity, runs: 3 }).model.runs.map((each) => each.state)).toEqual(["running", "success", "queued"]);
    expect(applyEvents(grid, [run(101, "2013-06-03", "queued")], { until: Date.parse("2013-06-02T12:00:00Z"), runs: 36 }).refetch).toBe("none");
  });
  it("ask for it after a reset, another version and a deletion", () => {
    expect(applyEvents(grid, [{ type: "reset", id: null, data: { reason: "gap" } }]).refetch).toBe("now");
    expect(applyEvents(grid, [{ type: "dag", id: 101, data: { kind: "dag", dag_id: "etl", at: "" } }]).refetch).toBe("now");
    expect(applyEvents(grid, [{ type: "dag", id: 101, data: { kind: "tick_skipped", dag_id: "etl", at: "" } }]).refetch).toBe("none");
    expect(applyEvents(grid, [run(101, "2013-06-02", "")]).refetch).toBe("now");
  });
});

// A run of features_flights as the daemon told it (GET /events?topics=dag:features_flights).
const RECORDED = readFileSync(new URL("./fixtures/run.sse", import.meta.url), "utf8");

describe("a recorded stream", () => {
  const names = [
    "wait_for_partition", "load_flights", "history/carrier_delay_7d", "history/route_delay_28d", "history/aircraft_age", "history/airport_load_1h",
    "context/weather_join", "context/holiday_flags", "context/time_of_day", "assemble_features", "checks/null_rates", "checks/drift_psi",
    "checks/row_count", "publish_features",
  ];
  function eventsOf(text: string, piece: number): StreamEvent[] {
    const events: StreamEvent[] = [];
    const reader = new SseReader(({ type, id, data }) => {
      const event = parseEvent(type, id, data);
      if (event) events.push(event);
    });
    for (let at = 0; at < text.length; at += piece) reader.push(text.slice(at, at + piece));
    return events;
  }
  const start = () => ({
    ...sampleGrid(names, [".".repeat(names.length)], [runOf("2013-06-10", "queued", { run_id: "backfill__2013-06-10T10:00:00+00:00" })]),
    revision: 0,
  });

  it("leaves the grid as the daemon has it, however it is cut and however many events a frame has", () => {
    for (const piece of [17, 1000, 1_000_000]) {
      const events = eventsOf(RECORDED, piece);
      let one = start();
      for (const event of events) one = applyEvents(one, [event]).model;
      const all = applyEvents(start(), events);
      expect(all.refetch).toBe("none");
      expect([...one.cells]).toEqual([...all.model.cells]);
      // The cells that GET /ui/dags/features_flights/grid answered after it.
      expect([...all.model.cells]).toEqual([4, 4, 4, 21, 4, 4, 4, 4, 4, 8, 8, 8, 8, 8]);
      expect(words(all.model, "route_delay_28d", 0)).toBe("failed, tried more than once");
      expect(all.model.runs[0]).toMatchObject({ state: "failed", start: "2026-11-27T09:10:32.896697Z", end: "2026-11-27T09:10:35.433844Z" });
      expect(all.model.runs[0]!.duration_s).toBeCloseTo(2.537, 3);
      expect(all.model.revision).toBe(events.at(-1)!.id);
    }
  });
});
