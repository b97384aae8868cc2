import { itemsOf } from "./layered_items";
import { heights, Neighbours, order } from "./layered_order";
import { adjacency, topological } from "./topology";

// Layers of a graph from left to right (Sugiyama): longest path, a dummy node for each layer that a long edge passes, sweeps over
// barycentres, then heights by isotonic regression. No randomness and no hash order: the same graph gives the same picture.

export interface Size {
  width: number;
  height: number;
  /** Edges from the left or to the right of the whole picture need a way to it. */
  enters?: boolean;
  exits?: boolean;
}

/** From `from` to `to`, both indexes of nodes; the offsets say where on the nodes' sides it ends, from their middle. */
export interface Link {
  from: number;
  to: number;
  weight: number;
  fromOffset: number;
  toOffset: number;
}

export interface Gaps {
  /** Between layers. */
  layer: number;
  /** Between nodes of a layer. */
  node: number;
  /** Beside an edge that passes through a layer. */
  pass: number;
}

export interface Layers {
  width: number;
  height: number;
  layerOf: Int32Array;
  /** Left and right side of each layer. */
  left: Float64Array;
  right: Float64Array;
  /** Left top of each node. */
  x: Float64Array;
  y: Float64Array;
  /** The heights at which a link passes the layers between its ends, and a node's way in and out those beside it. */
  passes: Float64Array[];
  enters: Float64Array[];
  exits: Float64Array[];
}

/** The longest way from a source; then what has more links out than in moves right, to what it feeds: links get shorter. */
function layersOf(count: number, links: readonly Link[]): Int32Array {
  const order = topological(count, links);
  const out = adjacency(count, links, (link) => link.from, (link) => link.to);
  const layer = new Int32Array(count);
  const balance = new Int32Array(count);
  for (const link of links) {
    balance[link.from]! += link.weight;
    balance[link.to]! -= link.weight;
  }
  for (const node of order) {
    for (let at = out.start[node]!; at < out.start[node + 1]!; at += 1) {
      const after = out.list[at]!;
      layer[after] = Math.max(layer[after]!, layer[node]! + 1);
    }
  }
  for (let index = count - 1; index >= 0; index -= 1) {
    const node = order[index]!;
    if (balance[node]! <= 0) continue;
    let next = Infinity;
    for (let at = out.start[node]!; at < out.start[node + 1]!; at += 1) next = Math.min(next, layer[out.list[at]!]!);
    if (next !== Infinity) layer[node] = next - 1;
  }
  return layer;
}

/** Lays nodes of these sizes out. Links are of a graph without circles. */
export function layered(sizes: readonly Size[], links: readonly Link[], gaps: Gaps): Layers {
  const nodes = sizes.length;
  const layerOf = layersOf(nodes, links);
  const items = itemsOf(sizes, links, layerOf);
  const near = new Neighbours(items);
  const middle = heights(order(items, gaps, near), items, gaps, near);
  const { depth } = items;
  const left = new Float64Array(depth);
  const right = new Float64Array(depth);
  const widest = new Float64Array(depth);
  for (let node = 0; node < nodes; node += 1) widest[layerOf[node]!] = Math.max(widest[layerOf[node]!]!, sizes[node]!.width);
  for (let layer = 0; layer < depth; layer += 1) {
    left[layer] = layer === 0 ? 0 : right[layer - 1]! + gaps.layer;
    right[layer] = left[layer]! + widest[layer]!;
  }
  let top = Infinity;
  let bottom = -Infinity;
  for (let item = 0; item < items.count; item += 1) {
    top = Math.min(top, middle[item]! - items.height[item]! / 2);
    bottom = Math.max(bottom, middle[item]! + items.height[item]! / 2);
  }
  const x = new Float64Array(nodes);
  const y = new Float64Array(nodes);
  for (let node = 0; node < nodes; node += 1) {
    const layer = layerOf[node]!;
    x[node] = left[layer]! + (widest[layer]! - sizes[node]!.width) / 2;
    y[node] = middle[node]! - sizes[node]!.height / 2 - top;
  }
  const at = (dummies: Int32Array) => Float64Array.from(dummies, (dummy) => middle[dummy]! - top);
  return {
    width: depth ? right[depth - 1]! : 0, height: nodes ? bottom - top : 0, layerOf, left, right, x, y,
    passes: items.passes.map(at), enters: items.enters.map(at), exits: items.exits.map(at),
  };
}
