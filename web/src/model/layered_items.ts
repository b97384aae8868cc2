import type { Link, Size } from "./layered";

// What stands in the layers: the nodes, and a dummy for each layer that an edge passes.

/** From an item of a layer to one of the next. */
export interface Step {
  from: number;
  to: number;
  fromOffset: number;
  toOffset: number;
  /** How straight it should be: a passing edge more than one that ends. */
  pull: number;
}

export interface Items {
  /** Nodes first, then dummies. */
  count: number;
  nodes: number;
  height: Float64Array;
  layer: Int32Array;
  depth: number;
  steps: Step[];
  /** Of each link, and of each node's way in and way out: its dummies, left to right. */
  passes: Int32Array[];
  enters: Int32Array[];
  exits: Int32Array[];
}

/** Above so many dummies the longest edges go straight: a picture of them wouldn't say more, and memory is finite. */
const MAX_DUMMIES = 60_000;

/** The longest way that still gets dummies. */
function longestPassed(spans: number[]): number {
  let sum = 0;
  for (const span of spans.sort((a, b) => a - b)) {
    sum += span;
    if (sum > MAX_DUMMIES) return span - 1;
  }
  return Infinity;
}

class Builder {
  readonly height: number[];
  readonly layer: number[];
  readonly steps: Step[] = [];

  constructor(sizes: readonly Size[], nodeLayer: Int32Array) {
    this.height = sizes.map((size) => size.height);
    this.layer = [...nodeLayer];
  }

  private dummy(layer: number): number {
    this.height.push(0);
    return this.layer.push(layer) - 1;
  }

  /** Dummies for the layers from `first` to `last`, joined to each other. */
  chain(first: number, last: number, weight: number): Int32Array {
    const dummies = new Int32Array(Math.max(0, last - first + 1));
    for (let index = 0; index < dummies.length; index += 1) {
      dummies[index] = this.dummy(first + index);
      if (index > 0) this.step(dummies[index - 1]!, dummies[index]!, 8 * weight);
    }
    return dummies;
  }

  step(from: number, to: number, pull: number, fromOffset = 0, toOffset = 0): void {
    this.steps.push({ from, to, fromOffset, toOffset, pull });
  }
}

export function itemsOf(sizes: readonly Size[], links: readonly Link[], nodeLayer: Int32Array): Items {
  const depth = nodeLayer.reduce((most, layer) => Math.max(most, layer + 1), 0);
  const build = new Builder(sizes, nodeLayer);
  const longest = longestPassed([
    ...links.map((link) => nodeLayer[link.to]! - nodeLayer[link.from]! - 1),
    ...sizes.map((size, node) => (size.enters ? nodeLayer[node]! : 0) + (size.exits ? depth - 1 - nodeLayer[node]! : 0)),
  ]);
  const none = new Int32Array();
  const passes = links.map((link) => {
    const [from, to] = [nodeLayer[link.from]!, nodeLayer[link.to]!];
    if (to - from === 1) build.step(link.from, link.to, link.weight, link.fromOffset, link.toOffset);
    if (to - from === 1 || to - from - 1 > longest) return none;
    const dummies = build.chain(from + 1, to - 1, link.weight);
    build.step(link.from, dummies[0]!, 2 * link.weight, link.fromOffset, 0);
    build.step(dummies.at(-1)!, link.to, 2 * link.weight, 0, link.toOffset);
    return dummies;
  });
  const enters = sizes.map((size, node) => {
    if (!size.enters || nodeLayer[node]! === 0 || nodeLayer[node]! > longest) return none;
    const dummies = build.chain(0, nodeLayer[node]! - 1, 1);
    build.step(dummies.at(-1)!, node, 2);
    return dummies;
  });
  const exits = sizes.map((size, node) => {
    const span = depth - 1 - nodeLayer[node]!;
    if (!size.exits || span === 0 || span > longest) return none;
    const dummies = build.chain(nodeLayer[node]! + 1, depth - 1, 1);
    build.step(node, dummies[0]!, 2);
    return dummies;
  });
  return {
    count: build.height.length, nodes: sizes.length, height: Float64Array.from(build.height), layer: Int32Array.from(build.layer), depth,
    steps: build.steps, passes, enters, exits,
  };
}
