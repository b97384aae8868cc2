import { useEffect, useRef, useSyncExternalStore } from "react";

import { matchesTopic, type StreamEvent } from "./events";
import { browser, type Status, StreamCore, type ToCore, type ToTab } from "./stream_core";

// A page's end of the one stream. `useTopic("dag:etl", onEvent)` is all that pages need.

interface Interest {
  topic: string;
  hear: (events: StreamEvent[]) => void;
}

const interests = new Set<Interest>();
const statusTold = new Set<() => void>();
let status: Status = { liveness: "connecting", heardAt: null, lostAt: null, retryAt: null, tabs: 1 };
let send: ((message: ToCore) => void) | null = null;
let waiting: StreamEvent[] = [];
let frame = false;
let frozen = false;
const frozenTold = new Set<() => void>();

function deliver(): void {
  frame = false;
  if (frozen) return;
  const events = waiting;
  waiting = [];
  for (const { topic, hear } of interests) {
    const mine = events.filter((event) => matchesTopic(topic, event));
    if (mine.length) hear(mine);
  }
}

/** Once a frame at most; a hidden tab has no frames, and catches up when it is seen. */
function soon(): void {
  for (const tell of frozen ? frozenTold : []) tell();
  if (frame) return;
  frame = true;
  if (document.hidden) setTimeout(deliver, 1000);
  else requestAnimationFrame(deliver);
}

function take(message: ToTab): void {
  if (message.kind === "status") {
    status = message.status;
    for (const tell of statusTold) tell();
    return;
  }
  // A page that stays hidden or frozen must not fill memory: what it missed it reads anew.
  if (waiting.length >= 50_000) waiting = [{ type: "reset", id: null, data: { reason: "too far behind" } }];
  waiting.push(message.event);
  soon();
}

function connect(): (message: ToCore) => void {
  if (typeof SharedWorker !== "undefined" && navigator.locks) {
    const worker = new SharedWorker(new URL("./stream.worker.ts", import.meta.url), { type: "module", name: "millrace-stream" });
    worker.port.onmessage = ({ data }: MessageEvent<ToTab>) => take(data);
    worker.port.start();
    const lock = `millrace-tab-${crypto.randomUUID()}`;
    void navigator.locks.request(lock, () => new Promise(() => {}));
    void navigator.locks.query().then(() => worker.port.postMessage({ lock }));
    return (message) => worker.port.postMessage(message);
  }
  const core = new StreamCore<null>(browser, (_, message) => take(message));
  return (message) => core.hear(null, message);
}

function tellTopics(): void {
  send ??= connect();
  send({ kind: "topics", topics: [...new Set([...interests].map((interest) => interest.topic))] });
}

let telling = false;
function topicsChanged(): void {
  if (telling) return;
  telling = true;
  queueMicrotask(() => {
    telling = false;
    tellTopics();
  });
}

/** Events of a topic while the component is there, a frame's worth at a time. `null`: none. A `reset` means: read anew. */
export function useTopic(topic: string | null, hear: (events: StreamEvent[]) => void): void {
  const newest = useRef(hear);
  useEffect(() => {
    newest.current = hear;
  });
  useEffect(() => {
    if (!topic) return;
    const interest: Interest = { topic, hear: (events) => newest.current(events) };
    interests.add(interest);
    topicsChanged();
    return () => {
      interests.delete(interest);
      topicsChanged();
    };
  }, [topic]);
}

export function useStreamStatus(): Status {
  return useSyncExternalStore((tell) => {
    statusTold.add(tell);
    return () => statusTold.delete(tell);
  }, () => status);
}

/**
 * Acts when the stream is live for the first time, if this component was there before: between an answer that came earlier and the
 * stream's first moment nobody told what happened.
 */
export function useFirstLive(act: () => void): void {
  const newest = useRef(act);
  useEffect(() => {
    newest.current = act;
  });
  useEffect(() => {
    if (status.liveness !== "connecting") return;
    const look = () => {
      if (status.liveness !== "live") return;
      statusTold.delete(look);
      newest.current();
    };
    statusTold.add(look);
    return () => void statusTold.delete(look);
  }, []);
}

export function retryStream(): void {
  send?.({ kind: "retry" });
}

/** The pause button: what happens is kept, not shown. Returns how many changes wait (null: not paused). */
export function useFrozen(): number | null {
  return useSyncExternalStore((tell) => {
    frozenTold.add(tell);
    return () => frozenTold.delete(tell);
  }, () => (frozen ? waiting.length : null));
}

export function setFrozen(next: boolean): void {
  frozen = next;
  for (const tell of frozenTold) tell();
  if (!frozen && waiting.length) soon();
}
