import { describe, expect, it } from "vitest";

import type { TiEvent } from "@/api/events";

import {
  applyMoves, countsOf, endOf, failuresOf, firstToSee, instancesOf, lengthOf, startOf, type TimelineAnswer, workOf,
} from "./run_timeline";

const T0 = Date.parse("2013-06-12T09:27:00Z");
const iso = (s: number) => new Date(T0 + s * 1000).toISOString();
type Task = TimelineAnswer["tasks"][number];
type Made = [kind: Task["segments"][number]["kind"], from: number, to: number | null, attempt: number, endedAs?: Task["state"]];

function task(id: string, state: Task["state"], segments: Made[] = [], more: Partial<Task> = {}): Task {
  return {
    task: id, map_index: -1, state, expected_s: null, critical: false, ...more,
    segments: segments.map(([kind, from, to, attempt, endedAs]) => ({ kind, from: iso(from), to: to === null ? null : iso(to), try: attempt, ended_as: endedAs ?? null })),
  };
}

function answer(tasks: Task[]): TimelineAnswer {
  return { dag_id: "etl", dag_run_id: "r1", state: "running", queued_at: iso(0), start: iso(0), end: null, tasks };
}

const event = (task_id: string, state: string | null, at: number, more: Partial<TiEvent> = {}): TiEvent => ({
  dag_id: "etl", run_id: "r1", task_id, map_index: -1, try_number: 1, state, from: null, cause: "", at: iso(at), ...more,
});

describe("instances", () => {
  const [retried] = instancesOf(answer([task("fold", "running", [
    ["waiting", 0, 0, 0, "queued"], ["queued", 0, 5, 1, "running"], ["running", 5, 60, 1, "up_for_retry"], ["retry_delay", 60, 90, 1, "scheduled"],
    ["queued", 90, 100, 2, "running"], ["running", 100, null, 2],
  ])]));
  it("leave out what took no time, and colour a try by how it ended", () => {
    expect(retried!.segments.map((segment) => [segment.kind, segment.state])).toEqual([
      ["queued", "running"], ["running", "failed"], ["retry_delay", "scheduled"], ["queued", "running"], ["running", "running"],
    ]);
    expect(retried!.attempts).toBe(2);
  });
  it("know their first start, their last work and its length", () => {
    expect(startOf(retried!)).toBe(T0 + 5000);
    expect(workOf(retried!)).toEqual({ from: T0 + 100_000, to: null });
    expect(lengthOf(retried!, T0 + 160_000)).toBe(60_000);
    expect(endOf(retried!)).toBeNull();
    const [waiting, done, fresh] = instancesOf(answer([
      task("w", "scheduled", [["waiting", 10, null, 0]]), task("d", "success", [["running", 1, 4, 1, "success"]]), task("n", null),
    ]));
    expect(lengthOf(waiting!, T0 + 40_000)).toBe(30_000);
    expect([endOf(done!), lengthOf(done!, T0 + 900_000)]).toEqual([T0 + 4000, 3000]);
    expect([lengthOf(fresh!, T0), startOf(fresh!), fresh!.state]).toEqual([null, null, "none"]);
  });
  it("of a success that was cleared keep it as a success", () => {
    const [cleared] = instancesOf(answer([task("a", "queued", [["running", 0, 9, 1, "success"], ["queued", 50, null, 2]])]));
    expect(cleared!.segments[0]!.state).toBe("success");
  });
});

describe("moves from the stream", () => {
  const before = answer([task("a", "queued", [["queued", 0, null, 1]]), task("b", null), task("m", "running", [["running", 2, null, 1]], { map_index: 3 })]);
  it("end one segment and begin the next, and leave the rest as it is", () => {
    const { answer: after, missing } = applyMoves(before, [event("a", "running", 4)]);
    expect(missing).toBe(false);
    expect(after.tasks[0]).toEqual({ ...before.tasks[0], state: "running", segments: [
      { kind: "queued", from: iso(0), to: iso(4), try: 1, ended_as: "running" }, { kind: "running", from: iso(4), to: null, try: 1, ended_as: null },
    ] });
    expect(after.tasks[1]).toBe(before.tasks[1]);
    expect(before.tasks[0]!.state).toBe("queued");
  });
  it("begin none where nothing is drawn, and follow map indexes", () => {
    const { answer: after } = applyMoves(before, [event("m", "success", 8, { map_index: 3 })]);
    expect(after.tasks[2]!.segments).toEqual([{ kind: "running", from: iso(2), to: iso(8), try: 1, ended_as: "success" }]);
    const cleared = applyMoves(after, [event("m", null, 20, { map_index: 3 })]).answer;
    expect([cleared.tasks[2]!.state, cleared.tasks[2]!.segments.length]).toEqual([null, 1]);
  });
  it("that the answer has already change nothing", () => {
    expect(applyMoves(before, [event("a", "queued", 0)]).answer).toBe(before);
    const after = applyMoves(before, [event("a", "running", 4)]).answer;
    expect(applyMoves(after, [event("a", "queued", 1)]).answer).toBe(after);
  });
  it("of other runs are not ours, and of an unknown instance ask for all anew", () => {
    expect(applyMoves(before, [event("a", "running", 4, { run_id: "r2" })])).toEqual({ answer: before, missing: false });
    expect(applyMoves(before, [event("m", "scheduled", 4, { map_index: 9 })]).missing).toBe(true);
    expect(applyMoves(before, [event("m", "removed", 4, { map_index: 9 })]).missing).toBe(false);
  });
  it("make the picture that a whole answer makes", () => {
    const whole = task("b", "success", [["waiting", 5, 7, 0, "queued"], ["queued", 7, 8, 1, "running"], ["running", 8, 12, 1, "success"]]);
    const moves = [event("b", "scheduled", 5, { try_number: 0 }), event("b", "queued", 7), event("b", "running", 8), event("b", "success", 12)];
    expect(applyMoves(before, moves).answer.tasks[1]).toEqual(whole);
  });
});

describe("what to see first", () => {
  const some = instancesOf(answer([
    task("done", "success", [["running", 0, 5, 1, "success"]], { critical: true }),
    task("late", "failed", [["running", 30, 40, 1, "failed"]]),
    task("early", "failed", [["running", 20, 50, 1, "failed"]]),
    task("on", "running", [["running", 10, null, 1]]),
    task("stop", "upstream_failed"),
  ]));
  it("is the failure that began first, then what runs, then what decided the end", () => {
    expect(firstToSee(some)!.task).toBe("early");
    expect(firstToSee(some.filter((one) => one.state !== "failed"))!.task).toBe("on");
    expect(firstToSee(some.filter((one) => one.state === "success" || one.state === "upstream_failed"))!.task).toBe("done");
    expect(firstToSee([])).toBeNull();
  });
  it("walks failures as they happened, and counts states", () => {
    expect(failuresOf(some).map((one) => one.task)).toEqual(["late", "early"]);
    expect(countsOf(some).get("failed")).toBe(2);
  });
});
