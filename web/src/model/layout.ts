import { type Gaps, layered, type Layers, type Link, type Size } from "./layered";
import { partsOf, type Parts } from "./layout_parts";

// Where tasks, groups and edges of a DAG's graph are, left to right. Pure and the same each time; the worker runs it.

export interface GraphInput {
  /** The group of each task, or -1. */
  groupOf: Int32Array;
  groups: number;
  /** Of each group: shown as one box instead of its tasks. */
  closed: Uint8Array;
  /** Pairs of tasks, one after the other. */
  edges: Int32Array;
  nodeWidth: number;
}

export interface GraphLayout {
  width: number;
  height: number;
  nodeWidth: number;
  /** Boxes: a task, or -1 and a part that is closed. */
  nodeTask: Int32Array;
  nodePart: Int32Array;
  x: Float32Array;
  y: Float32Array;
  /** The box of each task: its own, or its group's. */
  taskNode: Int32Array;
  /** A group, or a piece of one where edges leave and come back: its group, which piece of how many, and its tasks' number. */
  parts: { group: number; number: number; of: number; tasks: number }[];
  /** Frames around open parts. */
  frames: { part: number; x: number; y: number; width: number; height: number }[];
  edgeFrom: Int32Array;
  edgeTo: Int32Array;
  /**
   * Of each edge, x and y of the points `edgeStart[e] … edgeStart[e + 1] - 1`: from the first to the second a line, then a curve to the
   * third, a line, and so on; the last is a line.
   */
  edgeStart: Int32Array;
  points: Float32Array;
}

export const NODE_HEIGHT = 42;
const GAPS: Gaps = { layer: 38, node: 12, pass: 9 };
const INNER: Gaps = { layer: 30, node: 11, pass: 9 };
const FRAME = { side: 8, top: 28, bottom: 10 };
/** Beyond so many boxes without edges they stand in rows of their own. */
const LOOSE = 3;

/** What is laid out together: a task of no group, or a part. */
interface Unit {
  part: number;
  /** Of an open part. */
  inner: Layers | null;
  tasks: number[];
  width: number;
  height: number;
  x: number;
  y: number;
}

class Composer {
  private readonly tasks: number;
  private readonly edges: { from: number; to: number }[] = [];
  private readonly parts: Parts;
  private readonly units: Unit[] = [];
  private readonly unitOf: Int32Array;
  /** The index of a task within its unit, and that of an edge among its unit's inner ones, or -1. */
  private readonly place: Int32Array;
  private readonly innerLink: Int32Array;

  constructor(private readonly input: GraphInput) {
    this.tasks = input.groupOf.length;
    for (let at = 0; at < input.edges.length; at += 2) this.edges.push({ from: input.edges[at]!, to: input.edges[at + 1]! });
    this.parts = partsOf(input.groupOf, input.groups, this.edges);
    this.unitOf = new Int32Array(this.tasks);
    this.place = new Int32Array(this.tasks);
    this.innerLink = new Int32Array(this.edges.length).fill(-1);
  }

  private isOpen(part: number): boolean {
    return part >= 0 && !this.input.closed[this.parts.groupOf[part]!];
  }

  /** Units in the order of their first task. */
  private gather(): void {
    const ofPart = new Map<number, number>();
    for (let task = 0; task < this.tasks; task += 1) {
      const part = this.parts.partOf[task]!;
      let unit = part < 0 ? undefined : ofPart.get(part);
      if (unit === undefined) {
        unit = this.units.push({ part, inner: null, tasks: [], width: this.input.nodeWidth, height: NODE_HEIGHT, x: 0, y: 0 }) - 1;
        if (part >= 0) ofPart.set(part, unit);
      }
      this.unitOf[task] = unit;
      this.place[task] = this.units[unit]!.tasks.push(task) - 1;
    }
  }

  /** Lays open parts out, each for itself, with ways for the edges that come in and go out. */
  private layInner(): void {
    const links: Link[][] = this.units.map(() => []);
    const enters = new Uint8Array(this.tasks);
    const exits = new Uint8Array(this.tasks);
    this.edges.forEach(({ from, to }, edge) => {
      const unit = this.unitOf[from]!;
      if (unit !== this.unitOf[to]) {
        exits[from] = 1;
        enters[to] = 1;
      } else if (this.isOpen(this.units[unit]!.part)) {
        this.innerLink[edge] = links[unit]!.push({ from: this.place[from]!, to: this.place[to]!, weight: 1, fromOffset: 0, toOffset: 0 }) - 1;
      }
    });
    this.units.forEach((unit, index) => {
      if (!this.isOpen(unit.part)) return;
      const sizes = unit.tasks.map((task): Size => ({
        width: this.input.nodeWidth, height: NODE_HEIGHT, enters: enters[task] === 1, exits: exits[task] === 1,
      }));
      unit.inner = layered(sizes, links[index]!, INNER);
      unit.width = unit.inner.width + 2 * FRAME.side;
      unit.height = unit.inner.height + FRAME.top + FRAME.bottom;
    });
  }

  /** The height in its unit at which a task's edges go in or out. */
  private port(task: number, side: "enters" | "exits"): number {
    const unit = this.units[this.unitOf[task]!]!;
    if (!unit.inner) return NODE_HEIGHT / 2;
    const place = this.place[task]!;
    const way = unit.inner[side][place]!;
    return FRAME.top + ((side === "enters" ? way[0] : way.at(-1)) ?? unit.inner.y[place]! + NODE_HEIGHT / 2);
  }

  /** One link for all edges between two units. */
  private unitLinks(): { links: Link[]; linkOf: Int32Array } {
    const links: Link[] = [];
    const found = new Map<number, number>();
    const linkOf = new Int32Array(this.edges.length).fill(-1);
    this.edges.forEach(({ from, to }, edge) => {
      const [a, b] = [this.unitOf[from]!, this.unitOf[to]!];
      if (a === b) return;
      const key = a * this.units.length + b;
      const index = found.get(key) ?? links.push({ from: a, to: b, weight: 0, fromOffset: 0, toOffset: 0 }) - 1;
      found.set(key, index);
      linkOf[edge] = index;
      const link = links[index]!;
      link.weight += 1;
      link.fromOffset += this.port(from, "exits") - this.units[a]!.height / 2;
      link.toOffset += this.port(to, "enters") - this.units[b]!.height / 2;
    });
    for (const link of links) {
      link.fromOffset /= link.weight;
      link.toOffset /= link.weight;
      link.weight = Math.min(link.weight, 8);
    }
    return { links, linkOf };
  }

  /** Units without links beside many others would make one endless column: they go below, in rows. */
  private layLoose(loose: readonly Unit[], width: number, top: number): { width: number; height: number } {
    const area = loose.reduce((sum, unit) => sum + (unit.width + GAPS.node) * (unit.height + GAPS.node), 0);
    const limit = Math.max(width, Math.sqrt(area * 1.6));
    let [x, y, tall, wide] = [0, top, 0, width];
    for (const unit of loose) {
      if (x > 0 && x + unit.width > limit) {
        x = 0;
        y += tall + GAPS.node;
        tall = 0;
      }
      unit.x = x;
      unit.y = y;
      x += unit.width + GAPS.node;
      tall = Math.max(tall, unit.height);
      wide = Math.max(wide, unit.x + unit.width);
    }
    return { width: wide, height: y + tall };
  }

  run(): GraphLayout {
    this.gather();
    this.layInner();
    const { links, linkOf } = this.unitLinks();
    const linked = new Uint8Array(this.units.length);
    for (const link of links) linked[link.from] = linked[link.to] = 1;
    const loose = this.units.filter((_, index) => !linked[index]);
    const laid = this.units.filter((_, index) => linked[index] || loose.length <= LOOSE);
    const place = new Map(laid.map((unit, index) => [unit, index]));
    const at = (unit: number) => place.get(this.units[unit]!)!;
    const outer = layered(laid, links.map((link) => ({ ...link, from: at(link.from), to: at(link.to) })), GAPS);
    laid.forEach((unit, index) => {
      unit.x = outer.x[index]!;
      unit.y = outer.y[index]!;
    });
    const rows = loose.length > LOOSE ? this.layLoose(loose, outer.width, laid.length ? outer.height + 3 * GAPS.node : 0) : outer;
    const layerOf = (task: number) => outer.layerOf[at(this.unitOf[task]!)]!;
    const drawn = this.drawn();
    const edges = new EdgePaths(drawn.taskNode);
    this.edges.forEach(({ from, to }, edge) => {
      if (drawn.taskNode[from] === drawn.taskNode[to] || !edges.begin(from, to)) return;
      const link = linkOf[edge]!;
      if (link < 0) {
        this.innerPath(edges, edge);
        return;
      }
      this.exitPath(edges, from, outer.right[layerOf(from)]!);
      outer.passes[link]!.forEach((height, index) => {
        const layer = layerOf(from) + 1 + index;
        edges.through(outer.left[layer]!, outer.right[layer]!, height);
      });
      this.enterPath(edges, to, outer.left[layerOf(to)]!);
    });
    return { width: rows.width, height: rows.height, nodeWidth: this.input.nodeWidth, ...drawn, ...edges.done() };
  }

  /** Boxes and frames where they are. */
  private drawn() {
    const nodeTask: number[] = [];
    const nodePart: number[] = [];
    const x: number[] = [];
    const y: number[] = [];
    const taskNode = new Int32Array(this.tasks);
    const frames: GraphLayout["frames"] = [];
    const parts = this.parts.groupOf.map((group, part) => ({ group, number: this.parts.number[part]!, of: this.parts.of[part]!, tasks: 0 }));
    for (const unit of this.units) {
      if (unit.part >= 0) parts[unit.part]!.tasks = unit.tasks.length;
      if (unit.inner) frames.push({ part: unit.part, x: unit.x, y: unit.y, width: unit.width, height: unit.height });
      const closed = unit.part >= 0 && !unit.inner;
      unit.tasks.forEach((task, index) => {
        if (closed && index > 0) {
          taskNode[task] = taskNode[unit.tasks[0]!]!;
          return;
        }
        taskNode[task] = nodeTask.push(closed ? -1 : task) - 1;
        nodePart.push(closed ? unit.part : -1);
        x.push(unit.x + (unit.inner ? FRAME.side + unit.inner.x[index]! : 0));
        y.push(unit.y + (unit.inner ? FRAME.top + unit.inner.y[index]! : 0));
      });
    }
    return {
      nodeTask: Int32Array.from(nodeTask), nodePart: Int32Array.from(nodePart), x: Float32Array.from(x), y: Float32Array.from(y), taskNode, parts, frames,
    };
  }

  private spot(task: number): { unit: Unit; x: number; y: number; layer: number } {
    const unit = this.units[this.unitOf[task]!]!;
    const index = this.place[task]!;
    return {
      unit, layer: unit.inner ? unit.inner.layerOf[index]! : 0,
      x: unit.x + (unit.inner ? FRAME.side + unit.inner.x[index]! : 0),
      y: unit.y + (unit.inner ? FRAME.top + unit.inner.y[index]! : 0) + NODE_HEIGHT / 2,
    };
  }

  private innerPath(edges: EdgePaths, edge: number): void {
    const [a, b] = [this.spot(this.edges[edge]!.from), this.spot(this.edges[edge]!.to)];
    const inner = a.unit.inner!;
    const [dx, dy] = [a.unit.x + FRAME.side, a.unit.y + FRAME.top];
    edges.through(a.x + this.input.nodeWidth, dx + inner.right[a.layer]!, a.y);
    inner.passes[this.innerLink[edge]!]!.forEach((height, index) => {
      edges.through(dx + inner.left[a.layer + 1 + index]!, dx + inner.right[a.layer + 1 + index]!, dy + height);
    });
    edges.through(dx + inner.left[b.layer]!, b.x, b.y);
  }

  private exitPath(edges: EdgePaths, task: number, right: number): void {
    const { unit, x, y, layer } = this.spot(task);
    const from = x + this.input.nodeWidth;
    const way = unit.inner?.exits[this.place[task]!];
    if (!unit.inner || !way?.length) {
      edges.through(from, right, y);
      return;
    }
    const dx = unit.x + FRAME.side;
    edges.through(from, dx + unit.inner.right[layer]!, y);
    way.forEach((height, index) => {
      const last = index === way.length - 1;
      edges.through(dx + unit.inner!.left[layer + 1 + index]!, last ? right : dx + unit.inner!.right[layer + 1 + index]!, unit.y + FRAME.top + height);
    });
  }

  private enterPath(edges: EdgePaths, task: number, left: number): void {
    const { unit, x, y, layer } = this.spot(task);
    const way = unit.inner?.enters[this.place[task]!];
    if (!unit.inner || !way?.length) {
      edges.through(left, x, y);
      return;
    }
    const dx = unit.x + FRAME.side;
    way.forEach((height, index) => {
      edges.through(index === 0 ? left : dx + unit.inner!.left[index]!, dx + unit.inner!.right[index]!, unit.y + FRAME.top + height);
    });
    edges.through(dx + unit.inner.left[layer]!, x, y);
  }
}

/** Collects the points of edges; of edges between the same boxes only the first. */
class EdgePaths {
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private readonly start: number[] = [];
  private readonly points: number[] = [];
  private readonly seen = new Set<number>();

  constructor(private readonly taskNode: Int32Array) {}

  begin(fromTask: number, toTask: number): boolean {
    const [from, to] = [this.taskNode[fromTask]!, this.taskNode[toTask]!];
    const key = from * this.taskNode.length + to;
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    this.from.push(from);
    this.to.push(to);
    this.start.push(this.points.length / 2);
    return true;
  }

  /** A straight piece through a layer. */
  through(left: number, right: number, y: number): void {
    this.points.push(left, y, right, y);
  }

  done() {
    return {
      edgeFrom: Int32Array.from(this.from), edgeTo: Int32Array.from(this.to),
      edgeStart: Int32Array.from([...this.start, this.points.length / 2]), points: Float32Array.from(this.points),
    };
  }
}

export function layout(input: GraphInput): GraphLayout {
  return new Composer(input).run();
}
