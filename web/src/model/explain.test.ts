import { describe, expect, it } from "vitest";

import { type Explanation, type Piece, reasonWords, sentenceOf, totalsOf, whyOf } from "./explain";
import type { Gate } from "./explain_words";

const RUN = "manual__2013-06-10T00:00:00+00:00";

function gate(kind: Gate["kind"], ok: boolean, text: string, more: Partial<Gate> = {}): Gate {
  return { kind, ok, have: ok ? 1 : 0, need: 1, text, blockers: [], more_blockers: 0, ...more };
}
function blocker(task_id: string | null, map_index = -1, more: Partial<Gate["blockers"][number]> = {}): Gate["blockers"][number] {
  return {
    dag_id: "train", dag_run_id: RUN, task_id, map_index, state: "running", started_at: "2013-06-10T09:30:00Z", backfill_id: null, devices: [],
    left_s: null, ...more,
  };
}
function explained(more: Partial<Explanation>): Explanation {
  return {
    dag_id: "train", dag_run_id: RUN, task_id: "fold", map_index: -1, state: "scheduled", reason: null, not_before: null, since: null, verdict: "",
    starts_at: null, rank: 0, in_line: 0, waiting_on: [], gates: [], culprit: null, history: [], whatif: [], ...more,
  };
}
const said = (pieces: readonly Piece[]) =>
  pieces.map((piece) => ("at" in piece ? new Date(piece.at).toISOString().slice(11, 16) : piece.text)).join("");

describe("the sentence", () => {
  it("names the pool, its holder, the place in line and the start", () => {
    const pool = gate("pool", false, "pool 'gpu': 3 of 3 slots taken", { blockers: [blocker("fold", 0), blocker("fold", 1)] });
    const answer = explained({
      gates: [gate("paused", true, "DAG 'train' is active"), pool], rank: 1, in_line: 5,
      starts_at: { p50: "2013-06-10T09:44:00Z", p90: "2013-06-10T09:50:00Z" },
    });
    expect(said(sentenceOf(answer))).toBe("No slot free in pool gpu, held by fold[0] since 09:30, and 1 more. First in line of 5, starts at about 09:44.");
  });

  it("names the upstream that is nearest to its end", () => {
    const upstream = gate("upstream", false, "1 of 6 upstream tasks are done", { blockers: [blocker("a"), blocker("b")], more_blockers: 3 });
    expect(said(sentenceOf(explained({ state: null, gates: [upstream] })))).toBe("Waits for a, running since 09:30, and for 4 more.");
  });

  it("says the state of an upstream that waits itself", () => {
    const upstream = gate("upstream", false, "", { blockers: [blocker("a", -1, { state: "up_for_retry", started_at: null })] });
    expect(said(sentenceOf(explained({ state: null, gates: [upstream] })))).toBe("Waits for a, which is up for retry.");
  });

  it("gives the time of the next try", () => {
    const answer = explained({ state: "up_for_retry", not_before: "2013-06-10T10:00:00Z", gates: [gate("retry_delay", false, "next try in 54s")] });
    expect(said(sentenceOf(answer))).toBe("Tries again at 10:00.");
  });

  it("says of a queued run whose place it waits for", () => {
    const places = gate("max_active_runs", false, "2 of 2 runs of 'train' are running", { blockers: [blocker(null)] });
    expect(said(sentenceOf(explained({ state: null, gates: [places] })))).toContain(`held by run ${RUN} since 09:30`);
  });

  it("says what a sensor looks at, and when again", () => {
    const answer = explained({ state: "up_for_reschedule", gates: [gate("sensor", false, "file '/in.csv' looked at again in 19s")] });
    expect(said(sentenceOf(answer))).toBe("Waits for file '/in.csv'.");
    const { gates, unknown } = whyOf(answer, 0);
    expect([gates[0]!.text, gates[0]!.more, unknown]).toEqual(["file '/in.csv'", "looked at again in 19s", "not known: it is up to what it waits for"]);
  });

  it("says that nothing stops it", () => {
    expect(said(sentenceOf(explained({ gates: [gate("pool", true, "pool 'cpu': 1 of 8 slots taken")] })))).toBe("Nothing stops it, its turn is next.");
  });

  it("is one sentence for what isn't waiting", () => {
    expect(said(sentenceOf(explained({ state: "running", since: "2013-06-10T09:00:00Z" })))).toBe("It has been running since 09:00.");
    expect(said(sentenceOf(explained({ state: "success", since: "2013-06-10T09:00:00Z" })))).toBe("It succeeded at 09:00.");
    expect(said(sentenceOf(explained({ state: "failed", since: "2013-06-10T09:00:00Z", reason: "exit:137" })))).toBe("It failed at 09:00. Exit code 137.");
  });

  it("has an answer for every kind of gate", () => {
    const kinds = [
      "paused", "max_active_runs", "backfill_limit", "upstream", "not_before", "retry_delay", "sensor", "child_run", "pool", "max_active_tasks",
      "cpu", "memory", "gpu", "share",
    ] as const;
    for (const kind of kinds) {
      const text = said(sentenceOf(explained({ gates: [gate(kind, false, "so it is")] })));
      expect(text, kind).toMatch(/^[A-Z].*\.$/);
      expect(text, kind).not.toMatch(/undefined|NaN|\.\./);
    }
  });
});

describe("the gates", () => {
  it("are figures beside their titles, the first closed one marked", () => {
    const answer = explained({
      rank: 2, in_line: 3,
      gates: [
        gate("upstream", true, "2 of 2 upstream tasks are done"),
        gate("pool", false, "pool 'gpu': 3 of 3 slots taken"),
        gate("memory", false, "", { have: 12 * 2 ** 30, need: 16 * 2 ** 30 }),
        gate("gpu", false, "0 of 3 fitting devices free; this task needs 1"),
      ],
    });
    const { gates } = whyOf(answer, 0);
    expect(gates.map(({ title, text, more, culprit }) => [title, text, more, culprit])).toEqual([
      ["Upstream", "2 of 2 done", "", false],
      ["Pool gpu", "3 of 3 slots taken", "place 2 of 3 in line", true],
      ["Memory", "needs 16.0 GiB, 12.0 GiB free", "", false],
      ["Devices", "needs 1, none free", "0 of 3 fitting devices free", false],
    ]);
  });

  it("count down to the next try", () => {
    const answer = explained({ state: "up_for_retry", not_before: "2013-06-10T10:00:00Z", gates: [gate("retry_delay", false, "next try in 54s")] });
    expect(whyOf(answer, Date.parse("2013-06-10T09:59:22Z")).gates[0]!.text).toBe("over in 38 s");
  });
});

it("lists who holds a slot and a device once", () => {
  const holds = blocker("fold", 0, { devices: ["GPU-0"], left_s: 114 });
  const answer = explained({ gates: [gate("pool", false, "", { blockers: [blocker("fold", 0)] }), gate("gpu", false, "", { blockers: [holds, blocker("tune", -1, { devices: ["GPU-1", "GPU-2"] })] })] });
  expect(whyOf(answer, 0).holders.map(({ what, label }) => [what, label])).toEqual([["GPU-0", "fold[0]"], ["GPU-1, GPU-2", "tune"]]);
});

it("adds up how long each reason lasted, up to now where it still does", () => {
  const { history, totals } = whyOf(explained({
    history: [
      { from: "2013-06-10T09:00:00Z", to: "2013-06-10T09:01:00Z", gate: "upstream" },
      { from: "2013-06-10T09:01:00Z", to: "2013-06-10T09:03:00Z", gate: "pool" },
      { from: "2013-06-10T09:03:00Z", to: "2013-06-10T09:03:01Z", gate: "retry_delay" },
      { from: "2013-06-10T09:04:00Z", to: null, gate: "pool" },
    ],
  }), Date.parse("2013-06-10T09:05:00Z"));
  expect(history.map((span) => span.seconds)).toEqual([60, 120, 1, 60]);
  expect(totals.map(({ label, seconds }) => [label, seconds])).toEqual([["pool slot", 180], ["upstream tasks", 60], ["retry delay", 1]]);
  expect(totalsOf([])).toEqual([]);
});

it("marks a remedy that changes nothing", () => {
  const answer = explained({
    starts_at: { p50: "2013-06-10T10:00:00Z", p90: "2013-06-10T10:00:00Z" },
    whatif: [{ change: "it is first in line", starts_at: "2013-06-10T09:50:00Z" }, { change: "pool 'gpu' has 1 more slots", starts_at: "2013-06-10T10:00:00Z" }],
  });
  expect(whyOf(answer, 0).whatIf.map(({ change, same }) => [change, same])).toEqual([["It is first in line", false], ["Pool 'gpu' has 1 more slots", true]]);
});

it("puts a reason into words", () => {
  expect(["exit:1", "signal:9", "timed_out"].map(reasonWords)).toEqual(["Exit code 1", "Signal 9", "Timed out"]);
});
