import { describe, expect, it } from "vitest";

import { changeText, compareManifests, compareResults, differenceText, type Manifest, numberText, otherResults, plainCommand, whereTheyPart } from "./compare";
import { compareTimes, mostly, type Timeline, verdict } from "./compare_times";

type Attempt = Manifest["tasks"][number]["attempts"][number];
type XCom = Parameters<typeof compareResults>[0][number];

function attempt(date: string, more: Partial<Attempt> = {}): Attempt {
  return {
    try_number: 1, command: `train --week ${date} --out /data/.staging/${date.slice(8)}/model/${date}`, host: "vm", devices: [], memory_bytes: 1 << 30, outcome: "success",
    start_date: null, end_date: null, inputs: [], outputs: [], ...more,
  };
}

function manifest(date: string, attempts: Attempt[], more: Partial<Manifest> = {}): Manifest {
  return {
    dag_id: "train", dag_run_id: `backfill__${date}T00:00:00+00:00`, run_type: "backfill", state: "success", logical_date: `${date}T00:00:00Z`,
    execution_date: `${date}T00:00:00Z`, data_interval_start: `${date}T00:00:00Z`, data_interval_end: `${date}T12:00:00Z`, triggered_by: "backfill 2",
    dag_version: { number: 8, hash: "91b04de000" }, params: { seed: 7, rate: 0.05 },
    tasks: [{ task_id: "train", map_index: -1, item: null, state: "success", env: ["OMP"], attempts }], ...more,
  } as Manifest;
}

const input = (day: number, digest = `d${day}`) => ({ dataset: "feats", partition: `2013-05-0${day}T00:00:00Z`, version: `b3:${digest}`, version_id: 100 + day });
const output = (digest: string, rows: number | null = null) => ({ dataset: "model", partition: "2013-05-28T00:00:00Z", version: `b3:${digest}`, version_id: 9, bytes: 2048, files: 1, rows, path: "/p" });

const A = manifest("2013-05-28", [attempt("2013-05-28", { inputs: [input(1), input(2), input(3)], outputs: [output("aaaaaaaaaaaa", 10)] })]);
const B = manifest("2013-06-09", [attempt("2013-06-09", { inputs: [input(2), input(3), input(4)], outputs: [output("bbbbbbbbbbbb", 12)] })], {
  dag_version: { number: 9, hash: "3f9a2c1000" }, params: { seed: 7, rate: 0.025, rounds: [1, 2] } as unknown as Manifest["params"],
});
const UTC = { a: "UTC", b: "UTC" };
const compared = (a: Manifest, b: Manifest) => compareManifests(a, b, UTC, () => "UTC");
const differing = (a: Manifest, b: Manifest) => compared(a, b).filter((field) => field.differs).map((field) => `${field.label}: ${field.a} | ${field.b}${field.note ? ` (${field.note})` : ""}`);

describe("what differs between two runs", () => {
  it("is said field by field", () => {
    expect(differing(A, B)).toEqual([
      "Execution date: 2013-05-28 | 2013-06-09", "DAG version: v8, 91b04de | v9, 3f9a2c1", "param rate: 0.05 | 0.025", "param rounds: – | [1,2]",
      "reads feats: 3 versions to 2013-05-03 | 3 versions to 2013-05-04 (2 in common)",
      "wrote model: b3:aaaaaaaa, 10 rows, 2.0 KiB | b3:bbbbbbbb, 12 rows, 2.0 KiB",
    ]);
  });
  it("is nothing between a run and itself", () => {
    expect(differing(A, A)).toEqual([]);
  });
  it("is shown in each DAG's own zone", () => {
    const [date] = compareManifests(A, B, { a: "America/New_York", b: "Asia/Kolkata" }, () => "UTC");
    expect([date!.a, date!.b]).toEqual(["2013-05-27 20:00", "2013-06-09 05:30"]);
  });
  it("isn't the same input written again with the same content", () => {
    const again = manifest("2013-05-28", [attempt("2013-05-28", { inputs: [{ ...input(1), version_id: 900 }, input(2), input(3)], outputs: [output("aaaaaaaaaaaa", 10)] })]);
    expect(differing(A, again)).toEqual([]);
    const other = manifest("2013-05-28", [attempt("2013-05-28", { inputs: [input(1, "other"), input(2), input(3)], outputs: [output("aaaaaaaaaaaa", 10)] })]);
    expect(differing(A, other)).toEqual(["reads feats: 3 versions to 2013-05-03 | 3 versions to 2013-05-03 (2 in common)"]);
  });
  it("counts tries, instances and tasks that only one has", () => {
    const more = manifest("2013-05-28", [attempt("2013-05-28"), attempt("2013-05-28", { memory_bytes: 2 ** 31 })]);
    more.tasks.push({ task_id: "report", map_index: -1, item: null, state: "success", env: [], attempts: [] });
    const plain = manifest("2013-05-28", [attempt("2013-05-28")]);
    expect(differing(plain, more)).toEqual(["Tasks: 1 | 2 (+ report)", "memory of train: 1.0 GiB | 2.0 GiB", "tries of train: 1 | 2"]);
  });
});

describe("a command", () => {
  it("is the same but for its run's date and places", () => {
    expect(plainCommand(A.tasks[0]!.attempts[0]!.command, A)).toBe(plainCommand(B.tasks[0]!.attempts[0]!.command, B));
    expect(plainCommand("x 20130528 2013-05-28T00:00:00Z", A)).toBe("x {{ ds }} {{ ds }}");
  });
  it("differs by what somebody changed", () => {
    const changed = manifest("2013-06-09", [attempt("2013-06-09", { command: "train --fast --week 2013-06-09" })]);
    expect(differing(A, changed).some((line) => line.startsWith("command of train"))).toBe(true);
  });
});

describe("long texts", () => {
  it("are shown from where they part", () => {
    expect(whereTheyPart("/bin/bash -euo pipefail -c 'sleep 1; echo rows=4100'", "/bin/bash -euo pipefail -c 'sleep 1; echo rows=4200'", 30)).toEqual(["…l -c 'sleep 1; echo rows=4100'", "…l -c 'sleep 1; echo rows=4200'"]);
    expect(whereTheyPart("short", "shore", 30)).toEqual(["short", "shore"]);
    expect(whereTheyPart("a".repeat(50), "b".repeat(50), 30)).toEqual(["a".repeat(50), "b".repeat(50)]);
  });
});

const xcom = (task_id: string, key: string, value: unknown, map_index = -1) => ({ task_id, key, value, map_index }) as XCom;

describe("results", () => {
  const was = [xcom("train", "auc", 0.5), xcom("fold", "auc", 0.7, 1), xcom("train", "device", "cpu"), xcom("train", "zero", 0), xcom("train", "gone", 4)];
  const is = [xcom("train", "auc", 0.55), xcom("fold", "auc", 0.7, 1), xcom("train", "device", "GPU-1"), xcom("train", "zero", 3)];
  it("are compared where both are numbers", () => {
    expect(compareResults(was, is).map((result) => `${result.label}: ${numberText(result.a)} ${numberText(result.b)} ${changeText(result)}`)).toEqual([
      "train auc: 0.5 0.55 +0.05, +10%", "fold[1] auc: 0.7 0.7 same", "train zero: 0 3 +3",
    ]);
  });
  it("are texts otherwise", () => {
    expect(otherResults(was, is, true).filter((field) => field.differs).map((field) => `${field.label}: ${field.a} | ${field.b}`)).toEqual(["output train device: cpu | GPU-1", "output train gone: 4 | –"]);
    expect(otherResults(was, is, false).map((field) => field.label)).toEqual(["output train device"]);
  });
  it("have as many digits as they need", () => {
    expect([0.73364, 1234567.4, 12, 1e-7].map(numberText)).toEqual(["0.73364", "1,234,567", "12", "0.0000001"]);
    expect([290, -2, 0.01].map(differenceText)).toEqual(["+4m 50s", "−2.0 s", "same"]);
  });
});

type Kind = Timeline["tasks"][number]["segments"][number]["kind"];

function timeline(tasks: [string, [Kind, number][]][], end: number | null = null): Timeline {
  const at = (seconds: number) => new Date(Date.parse("2013-06-12T09:00:00Z") + seconds * 1000).toISOString();
  return {
    dag_id: "train", dag_run_id: "r", state: "success", queued_at: at(0), start: at(0), end: end === null ? null : at(end),
    tasks: tasks.map(([task, kinds], index) => {
      let from = 0;
      const segments = kinds.map(([kind, seconds]) => {
        const segment = { kind, from: at(from), to: at(from + seconds), try: 1 };
        from += seconds;
        return segment;
      });
      return { task, map_index: task === "fold" ? index : -1, state: "success", segments, expected_s: null, critical: false };
    }),
  } as Timeline;
}

describe("time", () => {
  const a = timeline([["build", [["waiting", 1], ["running", 110]]], ["fold", [["running", 430]]], ["fold", [["queued", 10], ["running", 430]]], ["old", [["running", 5]]]], 840);
  const b = timeline([["build", [["waiting", 1], ["running", 168]]], ["fold", [["waiting", 280], ["queued", 10], ["running", 440]]], ["fold", [["running", 20]]]], 1220);
  const times = compareTimes(a, b, 0);
  it("is compared by task, a mapped one by its longest instance, waiting apart", () => {
    expect(times.map((each) => [each.task, each.a?.waited, each.a?.ran, each.b?.waited, each.b?.ran, each.more])).toEqual([
      ["build", 1, 110, 1, 168, 58], ["fold", 10, 430, 290, 440, 290], ["old", 0, 5, undefined, undefined, 0],
    ]);
    expect(times[1]!.a!.instances).toBe(2);
  });
  it("says which tasks made most of it, and how much of that was waiting", () => {
    expect(mostly(times, 380)).toEqual([{ task: "fold", text: "+4m 50s, all of it waiting" }, { task: "build", text: "+58 s" }]);
    expect(mostly(times, null)).toEqual([]);
  });
  it("isn't told of a task that one hasn't come to", () => {
    const times = compareTimes(timeline([["build", [["running", 10]]]]), timeline([["build", []]]), 0);
    expect(times[0]).toMatchObject({ b: null, more: 0 });
  });
  it("of what still runs is until now", () => {
    const running = timeline([["build", [["running", 10]]]]);
    running.tasks[0]!.segments[0]!.to = null;
    expect(compareTimes(running, running, Date.parse("2013-06-12T09:01:00Z"))[0]!.a!.ran).toBe(60);
  });
});

describe("the verdict", () => {
  const short = timeline([], 840);
  const say = (a: Manifest, b: Manifest, ta: Timeline, tb: Timeline, results: XCom[][] = [[], []]) =>
    verdict({ a, b }, { a: ta, b: tb }, compared(a, b), compareResults(results[0]!, results[1]!));
  it("is one sentence", () => {
    expect(say(A, B, short, timeline([], 1220))).toBe("B took 6m 20s longer and wrote other content");
    expect(say(A, A, short, timeline([], 835))).toBe("B took as long as A (13m 55s) and wrote the same content");
    expect(say(A, manifest("2013-06-09", [], { state: "failed" }), short, timeline([], 840))).toBe("B failed where A succeeded, took as long as A (14m 00s) and wrote other content");
  });
  it("names the result when one has moved", () => {
    const a = manifest("2013-05-28", []);
    expect(say(a, a, short, short, [[xcom("evaluate", "auc", 0.7295), xcom("evaluate", "rows", 5)], [xcom("evaluate", "auc", 0.7336), xcom("evaluate", "rows", 5)]])).toBe(
      "B took as long as A (14m 00s) and evaluate auc is 0.0041 more",
    );
  });
  it("doesn't judge what hasn't ended", () => {
    const a = manifest("2013-05-28", []);
    expect(say(a, { ...a, state: "running" }, short, timeline([]))).toBe("B goes on: more can be said at the end");
    expect(say({ ...a, state: "queued" }, { ...a, state: "running" }, timeline([]), timeline([]))).toBe("Both go on: more can be said at the end");
    expect(say(a, a, timeline([]), timeline([]))).toBe("Neither has begun: there is nothing to compare");
  });
});
