import { isFinal } from "./states";
import { endOf, groupBy, type Instance, workOf } from "./run_timeline";
import type { GraphAnswer } from "./run_rows";

// When what isn't over will be: each task as long as it usually takes, and begun as soon as its upstreams allow. For those in line for
// a place the daemon says when their turn is; those that come to stand in line later may begin later than this says.

export interface Expected {
  from: number;
  to: number;
}

export interface Forecast {
  /** By the instance's key; none for what is over and for what can't be said. */
  of: Map<string, Expected>;
  endsAt: number | null;
  /** The last of what can be said. */
  lastTo: number | null;
  /** The task because of which the end can't be said. */
  unknown: string | null;
  /** Keys of those on the way that decides the end. */
  critical: Set<string>;
}

function expectedOf(instance: Instance, ready: number | null, turn: number | undefined, now: number): Expected | null {
  // What waits for the world outside ends when that pleases.
  if (instance.state === "up_for_reschedule" || instance.state === "deferred") return null;
  if (instance.expectedS === null || ready === null) return null;
  const length = instance.expectedS * 1000;
  if (instance.state === "running") {
    const from = workOf(instance)?.from ?? now;
    // Longer than ever: it may end at any moment.
    return { from: Math.max(from, now), to: Math.max(from + length, now) };
  }
  const from = Math.max(ready, turn ?? 0, now);
  return { from, to: from + length };
}

/** Tasks behind those that they depend on; the order of the file where that leaves a choice. */
function inOrder(graph: GraphAnswer): { id: string; upstream: string[] }[] {
  const nodes = graph.tasks.map((task) => ({ id: task.id, upstream: [] as string[], left: 0, next: [] as number[] }));
  for (const [from, to] of graph.edges as [number, number][]) {
    nodes[to]!.upstream.push(nodes[from]!.id);
    nodes[to]!.left += 1;
    nodes[from]!.next.push(to);
  }
  const ready = nodes.filter((node) => node.left === 0);
  for (const node of ready) {
    for (const next of node.next) if (--nodes[next]!.left === 0) ready.push(nodes[next]!);
  }
  return ready;
}

/** Back from the last to end over whichever upstream ended last; of a mapped task, its last instance. */
function criticalOf(ends: Map<string, { key: string; at: number }>, upstream: Map<string, string[]>): Set<string> {
  const later = (a: string | null, b: string) => (ends.has(b) && (a === null || ends.get(b)!.at > ends.get(a)!.at) ? b : a);
  const way = new Set<string>();
  let at = [...ends.keys()].reduce<string | null>(later, null);
  while (at !== null) {
    way.add(ends.get(at)!.key);
    at = (upstream.get(at) ?? []).reduce<string | null>(later, null);
  }
  return way;
}

/** Of a run that is over: what the daemon marked, and of a mapped task the instance that was last. */
export function criticalKeys(instances: readonly Instance[]): Set<string> {
  const last = new Map<string, Instance>();
  for (const one of instances) {
    if (!one.critical || endOf(one) === null) continue;
    const other = last.get(one.task);
    if (!other || endOf(one)! > endOf(other)!) last.set(one.task, one);
  }
  return new Set([...last.values()].map((one) => one.key));
}

/** `turns`: when those in line are expected to start, by the instance's key. */
export function forecast(
  instances: readonly Instance[], graph: GraphAnswer | undefined, now: number, turns: ReadonlyMap<string, number> = new Map(),
): Forecast {
  const of = new Map<string, Expected>();
  if (!graph || instances.every((one) => isFinal(one.state))) {
    return { of, endsAt: null, lastTo: null, unknown: null, critical: criticalKeys(instances) };
  }
  const byTask = groupBy(instances, (one) => one.task);
  const readyAt = new Map<string, number | null>();
  const ends = new Map<string, { key: string; at: number }>();
  const upstream = new Map<string, string[]>();
  let unknown: string | null = null;
  for (const task of inOrder(graph)) {
    upstream.set(task.id, task.upstream);
    const before = task.upstream.map((id) => (readyAt.has(id) ? readyAt.get(id) ?? null : 0));
    const ready = before.includes(null) ? null : Math.max(0, ...(before as number[]));
    let end: number | null = ready;
    for (const one of byTask.get(task.id) ?? []) {
      const expected = isFinal(one.state) ? null : expectedOf(one, ready, turns.get(one.key), now);
      if (expected) of.set(one.key, expected);
      const at = expected?.to ?? (isFinal(one.state) ? (endOf(one) ?? 0) : null);
      if (at === null) {
        unknown ??= one.task;
        end = null;
        continue;
      }
      if (at > 0 && at > (ends.get(task.id)?.at ?? 0)) ends.set(task.id, { key: one.key, at });
      if (end !== null) end = Math.max(end, at);
    }
    readyAt.set(task.id, end);
  }
  const last = Math.max(0, ...[...ends.values()].map((end) => end.at));
  return {
    of, endsAt: unknown === null && last > 0 ? last : null, unknown, lastTo: of.size ? Math.max(...[...of.values()].map((one) => one.to)) : null,
    critical: unknown === null ? criticalOf(ends, upstream) : criticalKeys(instances),
  };
}
