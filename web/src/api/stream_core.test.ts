import { beforeEach, describe, expect, it } from "vitest";

import { StreamCore, type Surroundings, type ToTab } from "./stream_core";

interface Reading {
  url: string;
  hear: (text: string) => void;
  end: (error?: Error) => void;
  aborted: () => boolean;
}

let now = 0;
let timers: { due: number; act: () => void }[] = [];
let readings: Reading[] = [];
let told: Record<string, ToTab[]> = {};

const around: Surroundings = {
  read(url, hear, signal) {
    return new Promise((resolve, reject) => {
      readings.push({ url, hear, end: (error) => (error ? reject(error) : resolve()), aborted: () => signal.aborted });
      signal.addEventListener("abort", () => resolve());
    });
  },
  now: () => now,
  after(ms, act) {
    const timer = { due: now + ms, act };
    timers.push(timer);
    return () => {
      timers = timers.filter((each) => each !== timer);
    };
  },
};

async function pass(ms: number): Promise<void> {
  const until = now + ms;
  for (;;) {
    timers.sort((a, b) => a.due - b.due);
    const next = timers[0];
    if (!next || next.due > until) break;
    timers.shift();
    now = next.due;
    next.act();
    await Promise.resolve();
  }
  now = until;
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

function statusOf(tab: string) {
  const last = (told[tab] ?? []).filter((message) => message.kind === "status").pop();
  return last?.kind === "status" ? last.status : undefined;
}

describe("the one stream of all tabs", () => {
  let core: StreamCore<string>;
  beforeEach(() => {
    now = 1_000_000;
    timers = [];
    readings = [];
    told = {};
    core = new StreamCore<string>(around, (tab, message) => (told[tab] ??= []).push(message));
  });

  it("opens once for the topics of all tabs", async () => {
    core.hear("a", { kind: "topics", topics: ["dag:x"] });
    core.hear("b", { kind: "topics", topics: ["overview", "dag:x"] });
    await pass(100);
    expect(readings.map((reading) => reading.url)).toEqual(["/events?merge=true&topics=dag%3Ax,overview"]);
  });

  it("opens again with the newest id when topics change, and closes the old one", async () => {
    core.hear("a", { kind: "topics", topics: ["dag:x"] });
    await pass(100);
    readings[0]!.hear("id: 41\n\n");
    core.hear("a", { kind: "topics", topics: ["dag:y"] });
    await pass(100);
    expect(readings[0]!.aborted()).toBe(true);
    expect(readings[1]!.url).toBe("/events?merge=true&topics=dag%3Ay&last_event_id=41");
  });

  it("begins a new topic before what its page may have read, and tells nothing twice", async () => {
    const event = (id: number, dag: string) => `id: ${id}\nevent: ti\ndata: {"dag_id":"${dag}"}\n\n`;
    core.hear("a", { kind: "topics", topics: ["dag:x"] });
    await pass(100);
    for (const id of [41, 42, 43]) {
      readings[0]!.hear(event(id, "x"));
      await pass(2000);
    }
    core.hear("a", { kind: "topics", topics: ["dag:x", "dag:y"] });
    await pass(100);
    // 42 was heard four seconds ago: no page shows what is older without having asked anew.
    expect(readings[1]!.url).toContain("last_event_id=42");
    readings[1]!.hear(event(43, "x") + event(44, "y") + event(45, "x"));
    const ids = told.a!.flatMap((message) => (message.kind === "event" ? [message.event.id] : []));
    expect(ids).toEqual([41, 42, 43, 44, 45]);
    // The same topics again: from the newest.
    readings[1]!.end();
    await pass(0);
    await pass(3000);
    expect(readings[2]!.url).toContain("last_event_id=45");
  });

  it("begins again with another daemon's numbers after a reset", async () => {
    core.hear("a", { kind: "topics", topics: ["runs"] });
    await pass(100);
    readings[0]!.hear("id: 900\n\n");
    readings[0]!.end();
    await pass(0);
    await pass(3000);
    readings[1]!.hear('event: reset\ndata: {"reason":"unknown"}\n\nid: 7\n\n');
    readings[1]!.end();
    await pass(0);
    await pass(3000);
    expect(readings[2]!.url).toContain("last_event_id=7");
  });

  it("gives each message to every tab", async () => {
    core.hear("a", { kind: "topics", topics: ["runs"] });
    core.hear("b", { kind: "topics", topics: ["runs"] });
    await pass(100);
    readings[0]!.hear('id: 5\nevent: run\ndata: {"dag_id":"x"}\n\n');
    for (const tab of ["a", "b"]) {
      expect(told[tab]!.filter((message) => message.kind === "event")).toEqual([
        { kind: "event", event: { type: "run", id: 5, data: { dag_id: "x" } } },
      ]);
    }
  });

  it("says that it is lost, comes back after three seconds where it was, and is live again", async () => {
    core.hear("a", { kind: "topics", topics: ["runs"] });
    await pass(100);
    readings[0]!.hear(": ping\nid: 9\n\n");
    expect(statusOf("a")?.liveness).toBe("live");
    readings[0]!.end(new Error("broken off"));
    await pass(0);
    expect(statusOf("a")).toMatchObject({ liveness: "offline", lostAt: now, retryAt: now + 3000 });
    await pass(2999);
    expect(readings).toHaveLength(1);
    await pass(1);
    expect(readings[1]!.url).toContain("last_event_id=9");
    readings[1]!.hear(": ping\nid: 9\n\n");
    expect(statusOf("a")).toMatchObject({ liveness: "live", lostAt: null });
  });

  it("takes forty silent seconds for a dead connection", async () => {
    core.hear("a", { kind: "topics", topics: ["runs"] });
    await pass(100);
    readings[0]!.hear(": ping\nid: 9\n\n");
    await pass(39_000);
    expect(statusOf("a")?.liveness).toBe("live");
    await pass(1_000);
    expect(readings[0]!.aborted()).toBe(true);
    expect(statusOf("a")?.liveness).toBe("offline");
    await pass(3_000);
    expect(readings).toHaveLength(2);
  });

  it("asks for everything when the tabs want more topics than a reader may have", async () => {
    core.hear("a", { kind: "topics", topics: Array.from({ length: 65 }, (_, index) => `dag:${index}`) });
    await pass(100);
    expect(readings[0]!.url).toBe("/events?merge=true&topics=events");
  });

  it("forgets a tab that has gone, and lets go of the stream with the last", async () => {
    core.hear("a", { kind: "topics", topics: ["runs"] });
    await pass(100);
    core.hear("a", { kind: "bye" });
    await pass(100);
    expect(readings[0]!.aborted()).toBe(true);
    expect(readings).toHaveLength(1);
  });
});
