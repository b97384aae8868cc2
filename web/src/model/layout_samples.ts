import type { GraphInput } from "./layout";

// Made-up graphs for tests and the bench.

/** The same numbers for the same seed. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Layers of about 1.2 √n tasks with 1.3 edges a task, a few of them long; groups are runs of neighbours. */
export function syntheticGraph(tasks: number, groups: number, seed = 1): GraphInput {
  const random = numbers(seed);
  const width = Math.max(1, Math.round(1.2 * Math.sqrt(tasks)));
  const edges: number[] = [];
  const known = new Set<number>();
  const add = (from: number, to: number) => {
    if (from < 0 || known.has(from * tasks + to)) return;
    known.add(from * tasks + to);
    edges.push(from, to);
  };
  for (let task = width; task < tasks; task += 1) {
    const layer = Math.floor(task / width);
    const near = (task % width) + Math.round((random() - 0.5) * 6);
    add((layer - 1) * width + Math.min(width - 1, Math.max(0, near)), task);
    if (random() < 0.28) add((layer - 1) * width + Math.floor(random() * width), task);
    if (random() < 0.05 && layer > 3) add(Math.floor(random() * (layer - 2)) * width + Math.floor(random() * width), task);
  }
  const size = groups ? Math.ceil(tasks / groups) : 1;
  return {
    groupOf: Int32Array.from({ length: tasks }, (_, task) => (groups && random() < 0.9 ? Math.floor(task / size) : -1)),
    groups, closed: new Uint8Array(groups), edges: Int32Array.from(edges), nodeWidth: 152,
  };
}
