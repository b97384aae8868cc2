import { describe, expect, it } from "vitest";

import { layout, NODE_HEIGHT, type GraphInput, type GraphLayout } from "./layout";
import { syntheticGraph } from "./layout_samples";
import { partsOf } from "./layout_parts";
import { topological } from "./topology";

function input(groupOf: (number | -1)[], edges: [number, number][], closed: number[] = []): GraphInput {
  const groups = Math.max(-1, ...groupOf) + 1;
  return {
    groupOf: Int32Array.from(groupOf), groups, closed: Uint8Array.from({ length: groups }, (_, group) => (closed.includes(group) ? 1 : 0)),
    edges: Int32Array.from(edges.flat()), nodeWidth: 152,
  };
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
const boxOf = (laid: GraphLayout, node: number): Box => ({ x: laid.x[node]!, y: laid.y[node]!, width: laid.nodeWidth, height: NODE_HEIGHT });
const apart = (a: Box, b: Box) => a.x + a.width <= b.x + 0.01 || b.x + b.width <= a.x + 0.01 || a.y + a.height <= b.y + 0.01 || b.y + b.height <= a.y + 0.01;
const within = (outer: Box, inner: Box) =>
  inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;

/** No two of these boxes overlap: neighbours in a sorted sweep, so that 10,000 take a moment. */
function expectApart(boxes: Box[]): void {
  const sorted = [...boxes].sort((a, b) => a.x - b.x);
  sorted.forEach((box, index) => {
    for (let next = index + 1; next < sorted.length && sorted[next]!.x < box.x + box.width - 0.01; next += 1) {
      if (!apart(box, sorted[next]!)) throw new Error(`${JSON.stringify(box)} overlaps ${JSON.stringify(sorted[next])}`);
    }
  });
}

/** What must be true of every picture. */
function expectSound(given: GraphInput, laid: GraphLayout): void {
  const nodes = Array.from(laid.nodeTask, (_, node) => boxOf(laid, node));
  expectApart(nodes);
  expectApart([...laid.frames, ...nodes.filter((_, node) => laid.nodeTask[node]! < 0 || given.groupOf[laid.nodeTask[node]!]! < 0)]);
  for (const box of [...nodes, ...laid.frames]) expect(within({ x: -0.01, y: -0.01, width: laid.width + 0.02, height: laid.height + 0.02 }, box)).toBe(true);
  // Open groups contain their tasks.
  const framed = laid.frames.map((frame) => ({ frame, group: laid.parts[frame.part]!.group, count: 0 }));
  laid.nodeTask.forEach((task, node) => {
    if (task < 0 || given.groupOf[task]! < 0) return;
    const holder = framed.find((each) => each.group === given.groupOf[task] && within(each.frame, nodes[node]!));
    expect(holder).toBeDefined();
    holder!.count += 1;
  });
  for (const { frame, count } of framed) expect(count).toBe(laid.parts[frame.part]!.tasks);
  // Edges go right, from the side of one box to that of another.
  for (let edge = 0; edge < laid.edgeFrom.length; edge += 1) {
    const points = laid.points.slice(2 * laid.edgeStart[edge]!, 2 * laid.edgeStart[edge + 1]!);
    for (let at = 2; at < points.length; at += 2) if (points[at]! < points[at - 2]! - 0.01) throw new Error(`edge ${edge} goes left: ${[...points].join(" ")}`);
    const [a, b] = [boxOf(laid, laid.edgeFrom[edge]!), boxOf(laid, laid.edgeTo[edge]!)];
    // Within a column of a chain an edge goes straight down.
    if (points.length === 4 && points[0] === points[2]) {
      expect(a.y + a.height).toBeLessThan(b.y);
      expect(points[1]).toBeLessThan(points[3]!);
      continue;
    }
    expect([points[0], points[1]]).toEqual([Math.fround(a.x + a.width), expect.closeTo(a.y + a.height / 2, 2)]);
    expect([points.at(-2), points.at(-1)]).toEqual([expect.closeTo(b.x, 2), expect.closeTo(b.y + b.height / 2, 2)]);
    expect(a.x + a.width).toBeLessThan(b.x);
  }
  // Every edge is drawn, between other boxes than its own, once.
  const drawn = new Set(Array.from(laid.edgeFrom, (from, edge) => `${from}>${laid.edgeTo[edge]}`));
  for (let at = 0; at < given.edges.length; at += 2) {
    const [from, to] = [laid.taskNode[given.edges[at]!]!, laid.taskNode[given.edges[at + 1]!]!];
    if (from !== to) expect(drawn.has(`${from}>${to}`)).toBe(true);
  }
  expect(drawn.size).toBe(laid.edgeFrom.length);
}

function checked(given: GraphInput): GraphLayout {
  const laid = layout(given);
  expectSound(given, laid);
  return laid;
}

// features_flights: wait, load, history (carrier, route, age, load_1h), context (weather, holiday, time), assemble, checks (3), publish.
const FLIGHTS = input([-1, -1, 0, 0, 0, 0, 1, 1, 1, -1, 2, 2, 2, -1], [
  [0, 1], ...[2, 3, 4, 5, 6, 7, 8].flatMap((task): [number, number][] => [[1, task], [task, 9]]), ...[10, 11, 12].flatMap((task): [number, number][] => [[9, task], [task, 13]]),
]);

describe("a graph's layout", () => {
  it("of nothing, of one task and of a chain", () => {
    expect(checked(input([], []))).toMatchObject({ width: 0, height: 0 });
    expect(checked(input([-1], []))).toMatchObject({ width: 152, height: NODE_HEIGHT });
    const chain = checked(input([-1, -1, -1], [[0, 1], [1, 2]]));
    expect(new Set(chain.y).size).toBe(1);
  });
  it("piles the ends of chains up when the picture would be wide, as few as needed", () => {
    const row = (count: number) => checked(input(Array.from({ length: count }, () => -1), Array.from({ length: count - 1 }, (_, task): [number, number] => [task, task + 1])));
    expect([4, 5, 9].map((count) => new Set(row(count).x).size)).toEqual([4, 3, 3]);
    // wait and load in one column, checks and publish in another: as narrow as four columns.
    const flights = checked(FLIGHTS);
    expect([flights.x[0], flights.x[13]]).toEqual([flights.x[1], flights.x[10]]);
    expect(flights.width).toBeLessThan(860);
  });
  it("frames open groups, one above the other", () => {
    const laid = checked(FLIGHTS);
    expect(laid.frames.map((frame) => laid.parts[frame.part])).toEqual([
      { group: 0, number: 0, of: 1, tasks: 4 }, { group: 1, number: 0, of: 1, tasks: 3 }, { group: 2, number: 0, of: 1, tasks: 3 },
    ]);
    expect(laid.frames[0]!.x).toBe(laid.frames[1]!.x);
    expect(laid.edgeFrom.length).toBe(21);
  });
  it("shows a closed group as one box with one edge for all of its edges", () => {
    const laid = checked({ ...FLIGHTS, closed: Uint8Array.of(1, 0, 1) });
    expect(laid.frames).toHaveLength(1);
    expect([...laid.nodeTask].filter((task) => task < 0)).toHaveLength(2);
    expect(laid.taskNode[2]).toBe(laid.taskNode[5]);
    expect(laid.edgeFrom.length).toBe(1 + 1 + 1 + 3 + 3 + 1 + 1);
  });
  it("is the same each time", () => {
    for (const given of [FLIGHTS, syntheticGraph(400, 12)]) expect(layout(given)).toEqual(layout(given));
  });
  it("leads long edges past what is between", () => {
    const laid = checked(input([-1, -1, -1, -1], [[0, 1], [1, 2], [2, 3], [0, 3]]));
    const edge = Array.from(laid.edgeFrom).findIndex((from, index) => from === 0 && laid.edgeTo[index] === 3);
    const middle = laid.points.slice(2 * laid.edgeStart[edge]! + 4, 2 * laid.edgeStart[edge + 1]! - 4);
    for (let at = 1; at < middle.length; at += 2) for (const node of [1, 2]) {
      expect(Math.abs(middle[at]! - (laid.y[node]! + NODE_HEIGHT / 2))).toBeGreaterThan(NODE_HEIGHT / 2);
    }
  });
  it("moves a source to what it feeds", () => {
    const laid = checked(input([-1, -1, -1, -1, -1], [[0, 1], [1, 2], [2, 3], [4, 3]]));
    expect(laid.x[4]).toBe(laid.x[2]);
  });
  it("puts many tasks without edges in rows", () => {
    const laid = checked(input(Array.from({ length: 50 }, () => -1), [[0, 1]]));
    expect(laid.height).toBeLessThan(1000);
    expect(laid.width).toBeLessThan(2000);
  });
});

describe("a group that an edge leaves and another comes back to", () => {
  it("is shown in parts", () => {
    const laid = checked(input([0, -1, 0], [[0, 1], [1, 2]]));
    expect(laid.frames.map((frame) => laid.parts[frame.part])).toEqual([{ group: 0, number: 0, of: 2, tasks: 1 }, { group: 0, number: 1, of: 2, tasks: 1 }]);
    checked(input([0, -1, 0], [[0, 1], [1, 2]], [0]));
  });
  it("also where only two groups together make a circle", () => {
    const laid = checked(input([0, 0, 1, 1], [[0, 2], [3, 1]]));
    expect(laid.parts.map((part) => part.group).sort()).toEqual([0, 1, 1]);
  });
  it("leaves what a random grouping makes without circles", () => {
    for (let seed = 1; seed < 30; seed += 1) {
      const given = syntheticGraph(60, 6, seed);
      const edges = Array.from({ length: given.edges.length / 2 }, (_, index) => ({ from: given.edges[2 * index]!, to: given.edges[2 * index + 1]! }));
      const { partOf, groupOf } = partsOf(given.groupOf, given.groups, edges);
      const unit = (task: number) => (partOf[task]! < 0 ? task : 60 + partOf[task]!);
      const between = edges.map(({ from, to }) => ({ from: unit(from), to: unit(to) })).filter(({ from, to }) => from !== to);
      expect(() => topological(60 + groupOf.length, between)).not.toThrow();
      partOf.forEach((part, task) => expect(part < 0 ? -1 : groupOf[part]).toBe(given.groupOf[task]));
      checked(given);
    }
  });
});

describe("large graphs", () => {
  it("of 10,000 tasks, open and in closed groups", () => {
    const open = syntheticGraph(10_000, 0);
    checked(open);
    const grouped = syntheticGraph(10_000, 200);
    checked({ ...grouped, closed: new Uint8Array(200).fill(1) });
  }, 60_000);
  it("whose long edges would need millions of dummies still have a picture", () => {
    const edges = Array.from({ length: 3000 }, (_, task): [number, number][] => (task < 2999 ? [[task, task + 1], [0, task + 1]] : [])).flat();
    checked(input(Array.from({ length: 3000 }, () => -1), edges.filter(([from, to]) => from !== 0 || to !== 1).concat([[0, 1]])));
  }, 60_000);
});
