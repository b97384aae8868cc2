import { describe, expect, it } from "vitest";

import type { TiEvent } from "@/api/events";

import { Meanwhile, movedRun, type RunAnswer } from "./run_follow";
import type { TimelineAnswer } from "./run_timeline";

const iso = (second: number) => new Date(Date.parse("2013-06-12T09:27:00Z") + second * 1000).toISOString();
const run = (state: RunAnswer["state"], start: number | null, end: number | null) => ({
  state, start_date: start === null ? null : iso(start), end_date: end === null ? null : iso(end), duration: end === null ? null : end - start!,
}) as RunAnswer;

describe("a run after a move", () => {
  it("begins, ends and has taken as long as lies between", () => {
    expect(movedRun(run("queued", null, null), { state: "running", at: iso(5) })).toEqual(run("running", 5, null));
    expect(movedRun(run("running", 5, null), { state: "failed", at: iso(65) })).toEqual(run("failed", 5, 65));
  });
  it("that is taken up again begins anew", () => {
    expect(movedRun(run("success", 5, 65), { state: "queued", at: iso(90) })).toEqual(run("queued", 90, null));
    expect(movedRun(run("queued", 90, null), { state: "running", at: iso(91) })).toEqual(run("running", 90, null));
  });
});

describe("an answer on its way", () => {
  const answer = (state: "queued" | "running"): TimelineAnswer => ({
    dag_id: "etl", dag_run_id: "r1", state: "running", queued_at: iso(0), start: iso(0), end: null,
    tasks: [{ task: "a", map_index: -1, state, expected_s: null, critical: false, segments: [{ kind: state, from: iso(state === "queued" ? 0 : 2), to: null, try: 1, ended_as: null }] }],
  });
  const move = (state: string, at: number): TiEvent => ({
    dag_id: "etl", run_id: "r1", task_id: "a", map_index: -1, try_number: 1, state, from: null, cause: "", at: iso(at),
  });

  it("doesn't take back what was told since it was asked for", async () => {
    const meanwhile = new Meanwhile();
    meanwhile.hear([move("queued", 1)]);
    let give = (_: TimelineAnswer) => {};
    const read = meanwhile.read(() => new Promise((resolve) => (give = resolve)));
    meanwhile.hear([move("running", 2), move("success", 9)]);
    give(answer("queued"));
    const [task] = (await read).tasks;
    expect([task!.state, task!.segments.map((segment) => segment.kind)]).toEqual(["success", ["queued", "running"]]);
  });
  it("is as it came when nothing was told, and a failed one is forgotten", async () => {
    const meanwhile = new Meanwhile();
    const fresh = answer("running");
    expect(await meanwhile.read(() => Promise.resolve(fresh))).toBe(fresh);
    const failed = meanwhile.read(() => Promise.reject(new Error("gone")));
    meanwhile.hear([move("success", 9)]);
    await expect(failed).rejects.toThrow("gone");
    expect(await meanwhile.read(() => Promise.resolve(fresh))).toBe(fresh);
  });
});
