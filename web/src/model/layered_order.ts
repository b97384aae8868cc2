import type { Gaps } from "./layered";
import type { Items } from "./layered_items";
import { adjacency } from "./topology";

// The order of the items within each layer, and their heights.

const SWEEPS = 8;
const PASSES = 6;

/** Neighbours by step, in both directions. */
export class Neighbours {
  readonly before: { start: Int32Array; list: Int32Array };
  readonly after: { start: Int32Array; list: Int32Array };

  constructor(readonly items: Items) {
    this.before = adjacency(items.count, items.steps, (step) => step.to, (_, index) => index);
    this.after = adjacency(items.count, items.steps, (step) => step.from, (_, index) => index);
  }

  /** The middle of where its neighbours on one side would have it, and how much they pull; NaN and 0 without neighbours. */
  wish(item: number, middle: Float64Array, side: "before" | "after"): [number, number] {
    const { start, list } = this[side];
    let sum = 0;
    let pull = 0;
    for (let at = start[item]!; at < start[item + 1]!; at += 1) {
      const step = this.items.steps[list[at]!]!;
      const shift = step.fromOffset - step.toOffset;
      sum += step.pull * (side === "before" ? middle[step.from]! + shift : middle[step.to]! - shift);
      pull += step.pull;
    }
    return [pull ? sum / pull : NaN, pull];
  }
}

/** Space between the middles of two items of a layer. */
function apart(items: Items, gaps: Gaps, above: number, below: number): number {
  const gap = above >= items.nodes || below >= items.nodes ? gaps.pass : gaps.node;
  return (items.height[above]! + items.height[below]!) / 2 + gap;
}

function stack(layer: Int32Array, items: Items, gaps: Gaps, middle: Float64Array): void {
  let at = 0;
  layer.forEach((item, index) => {
    if (index > 0) at += apart(items, gaps, layer[index - 1]!, item);
    middle[item] = at;
  });
  const half = at / 2;
  for (const item of layer) middle[item]! -= half;
}

/** Pairs of steps of a gap that cross: inversions, counted in a Fenwick tree. */
function crossings(layers: readonly Int32Array[], near: Neighbours, place: Int32Array): number {
  let sum = 0;
  for (let index = 1; index < layers.length; index += 1) {
    const size = layers[index]!.length;
    const tree = new Int32Array(size + 1);
    let seen = 0;
    for (const item of layers[index - 1]!) {
      const ends: number[] = [];
      for (let at = near.after.start[item]!; at < near.after.start[item + 1]!; at += 1) ends.push(place[near.items.steps[near.after.list[at]!]!.to]!);
      for (const end of ends) {
        let below = 0;
        for (let node = end + 1; node > 0; node -= node & -node) below += tree[node]!;
        sum += seen - below;
      }
      for (const end of ends) for (let node = end + 1; node <= size; node += node & -node) tree[node]! += 1;
      seen += ends.length;
    }
  }
  return sum;
}

/** The order within each layer with the fewest crossings that eight sweeps find. */
export function order(items: Items, gaps: Gaps, near: Neighbours): Int32Array[] {
  const { depth } = items;
  const lists: number[][] = Array.from({ length: depth }, () => []);
  for (let item = 0; item < items.count; item += 1) lists[items.layer[item]!]!.push(item);
  const layers = lists.map((list) => Int32Array.from(list));
  const middle = new Float64Array(items.count);
  const place = new Int32Array(items.count);
  const wish = new Float64Array(items.count);
  for (const layer of layers) stack(layer, items, gaps, middle);
  let best = layers.map((layer) => layer.slice());
  let fewest = Infinity;
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (let turn = 0; turn < depth; turn += 1) {
      const layer = layers[forward ? turn : depth - 1 - turn]!;
      layer.forEach((item, index) => {
        const [at] = near.wish(item, middle, forward ? "before" : "after");
        place[item] = index;
        wish[item] = Number.isNaN(at) ? middle[item]! : at;
      });
      layer.sort((a, b) => wish[a]! - wish[b]! || place[a]! - place[b]!);
      stack(layer, items, gaps, middle);
    }
    for (const layer of layers) layer.forEach((item, index) => (place[item] = index));
    const count = crossings(layers, near, place);
    if (count < fewest) {
      fewest = count;
      best = layers.map((layer) => layer.slice());
    }
  }
  return best;
}

/**
 * Heights of a layer's items: each as near to its wish as order and distances allow (least squares: pool adjacent violators).
 */
function settle(layer: Int32Array, items: Items, gaps: Gaps, wish: Float64Array, pull: Float64Array, middle: Float64Array): void {
  const size = layer.length;
  const blockAt = new Float64Array(size);
  const blockPull = new Float64Array(size);
  const blockEnd = new Int32Array(size);
  const shift = new Float64Array(size);
  let blocks = 0;
  for (let index = 0; index < size; index += 1) {
    const item = layer[index]!;
    if (index > 0) shift[index] = shift[index - 1]! + apart(items, gaps, layer[index - 1]!, item);
    blockAt[blocks] = wish[item]! - shift[index]!;
    blockPull[blocks] = pull[item]!;
    blockEnd[blocks] = index + 1;
    blocks += 1;
    while (blocks > 1 && blockAt[blocks - 2]! > blockAt[blocks - 1]!) {
      const [a, b] = [blocks - 2, blocks - 1];
      const both = blockPull[a]! + blockPull[b]!;
      blockAt[a] = (blockAt[a]! * blockPull[a]! + blockAt[b]! * blockPull[b]!) / both;
      blockPull[a] = both;
      blockEnd[a] = blockEnd[b]!;
      blocks -= 1;
    }
  }
  let index = 0;
  for (let block = 0; block < blocks; block += 1) {
    for (; index < blockEnd[block]!; index += 1) middle[layer[index]!] = blockAt[block]! + shift[index]!;
  }
}

export function heights(layers: readonly Int32Array[], items: Items, gaps: Gaps, near: Neighbours): Float64Array {
  const middle = new Float64Array(items.count);
  const wish = new Float64Array(items.count);
  const pull = new Float64Array(items.count);
  for (const layer of layers) stack(layer, items, gaps, middle);
  for (let pass = 0; pass < PASSES; pass += 1) {
    // The last two passes look both ways, so that neither side of the picture is the crooked one.
    const sides = pass >= PASSES - 2 ? (["before", "after"] as const) : pass % 2 === 0 ? (["before"] as const) : (["after"] as const);
    for (let turn = 0; turn < layers.length; turn += 1) {
      const layer = layers[pass % 2 === 0 ? turn : layers.length - 1 - turn]!;
      for (const item of layer) {
        let sum = 0;
        let all = 0;
        for (const side of sides) {
          const [at, force] = near.wish(item, middle, side);
          if (!force) continue;
          sum += at * force;
          all += force;
        }
        wish[item] = all ? sum / all : middle[item]!;
        pull[item] = all || 0.01;
      }
      settle(layer, items, gaps, wish, pull, middle);
    }
  }
  return middle;
}
