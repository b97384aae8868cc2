import type { GraphInput, GraphLayout } from "@/model/layout";

import type { FromLayout, ToLayout } from "./layout.worker";

// Asks the worker for layouts, and keeps them: a version's graph doesn't change.

const KEPT = 24;
const kept = new Map<string, Promise<GraphLayout>>();
const asked = new Map<number, { resolve: (laid: GraphLayout) => void; reject: (error: Error) => void }>();
let worker: Worker | null = null;
let last = 0;

function open(): Worker {
  const opened = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module", name: "millrace-layout" });
  opened.onmessage = ({ data }: MessageEvent<FromLayout>) => {
    const waiting = asked.get(data.id);
    asked.delete(data.id);
    if ("laid" in data) waiting?.resolve(data.laid);
    else waiting?.reject(new Error(data.error));
  };
  opened.onerror = (event) => {
    for (const waiting of asked.values()) waiting.reject(new Error(event.message || "the layout's worker couldn't start"));
    asked.clear();
    worker = null;
  };
  return opened;
}

/** `key`: the DAG, its version and the groups that are closed. */
export function laidOut(key: string, input: () => GraphInput): Promise<GraphLayout> {
  const known = kept.get(key);
  if (known) return known;
  const promise = new Promise<GraphLayout>((resolve, reject) => {
    worker ??= open();
    last += 1;
    asked.set(last, { resolve, reject });
    worker.postMessage({ id: last, input: input() } satisfies ToLayout);
  });
  kept.set(key, promise);
  promise.catch(() => kept.delete(key));
  if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
  return promise;
}
