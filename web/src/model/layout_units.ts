import { type Gaps, layered, type Layers, type Link, type Size } from "./layered";
import { partsOf, type Parts } from "./layout_parts";

// What the layout moves about: tasks, open groups with their tasks inside, and columns of these.

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

export const NODE_HEIGHT = 42;
const INNER: Gaps = { layer: 28, node: 11, pass: 9 };
export const FRAME = { side: 8, top: 28, bottom: 10 };
const STACK_GAP = 26;

/** How chains are put into columns: of how many boxes, and whether only where edges begin or end. */
export interface Stacking {
  most: number;
  ends: boolean;
}

/** What is laid out together: a task of no group, or a part. */
export interface Unit {
  part: number;
  /** Of an open part. */
  inner: Layers | null;
  tasks: number[];
  width: number;
  height: number;
  x: number;
  y: number;
  /** The column of units that it is in, alone or with others above and below, and its left top there. */
  stack: number;
  dx: number;
  dy: number;
}

export class Units {
  readonly tasks: number;
  readonly edges: { from: number; to: number }[] = [];
  readonly parts: Parts;
  readonly list: Unit[] = [];
  readonly unitOf: Int32Array;
  /** The index of a task within its unit, and that of an edge among its unit's inner ones, or -1. */
  readonly place: Int32Array;
  readonly innerLink: Int32Array;

  constructor(readonly input: GraphInput) {
    this.tasks = input.groupOf.length;
    for (let at = 0; at < input.edges.length; at += 2) this.edges.push({ from: input.edges[at]!, to: input.edges[at + 1]! });
    this.parts = partsOf(input.groupOf, input.groups, this.edges);
    this.unitOf = new Int32Array(this.tasks);
    this.place = new Int32Array(this.tasks);
    this.innerLink = new Int32Array(this.edges.length).fill(-1);
    this.gather();
    this.layInner();
  }

  of(task: number): Unit {
    return this.list[this.unitOf[task]!]!;
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
        unit = this.list.push({ part, inner: null, tasks: [], width: this.input.nodeWidth, height: NODE_HEIGHT, x: 0, y: 0, stack: 0, dx: 0, dy: 0 }) - 1;
        if (part >= 0) ofPart.set(part, unit);
      }
      this.unitOf[task] = unit;
      this.place[task] = this.list[unit]!.tasks.push(task) - 1;
    }
  }

  /** Lays open parts out, each for itself, with ways for the edges that come in and go out. */
  private layInner(): void {
    const links: Link[][] = this.list.map(() => []);
    const enters = new Uint8Array(this.tasks);
    const exits = new Uint8Array(this.tasks);
    this.edges.forEach(({ from, to }, edge) => {
      const unit = this.unitOf[from]!;
      if (unit !== this.unitOf[to]) {
        exits[from] = 1;
        enters[to] = 1;
      } else if (this.isOpen(this.list[unit]!.part)) {
        this.innerLink[edge] = links[unit]!.push({ from: this.place[from]!, to: this.place[to]!, weight: 1, fromOffset: 0, toOffset: 0 }) - 1;
      }
    });
    this.list.forEach((unit, index) => {
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
    const unit = this.of(task);
    if (!unit.inner) return NODE_HEIGHT / 2;
    const place = this.place[task]!;
    const way = unit.inner[side][place]!;
    return FRAME.top + ((side === "enters" ? way[0] : way.at(-1)) ?? unit.inner.y[place]! + NODE_HEIGHT / 2);
  }

  /** Puts units into columns: each its own, but for chains that the stacking allows. */
  pile({ most, ends }: Stacking): Size[] {
    const next: Set<number>[] = this.list.map(() => new Set());
    const before: Set<number>[] = this.list.map(() => new Set());
    for (const { from, to } of this.edges) {
      const [a, b] = [this.unitOf[from]!, this.unitOf[to]!];
      if (a === b) continue;
      next[a]!.add(b);
      before[b]!.add(a);
    }
    const sizes: Size[] = [];
    const seen = new Uint8Array(this.list.length);
    const follower = (unit: number) => {
      const [after] = next[unit]!;
      return next[unit]!.size === 1 && before[after!]!.size === 1 ? after : undefined;
    };
    this.list.forEach((_, first) => {
      const [lead] = before[first]!;
      if (seen[first] || (before[first]!.size === 1 && follower(lead!) === first)) return;
      const chain = [first];
      for (let unit = follower(first); unit !== undefined; unit = follower(unit)) chain.push(unit);
      for (const part of this.cut(chain, most, ends && before[first]!.size > 0, ends && next[chain.at(-1)!]!.size > 0)) {
        for (const unit of part) seen[unit] = 1;
        sizes.push(this.column(part, sizes.length));
      }
    });
    return sizes;
  }

  /** A chain in columns of at most so many. Where it hangs on others on both sides, it stays a row; else its free end is piled. */
  private cut(chain: readonly number[], most: number, held: boolean, holds: boolean): number[][] {
    if (held && holds) return chain.map((unit) => [unit]);
    const parts: number[][] = [];
    if (held) {
      const free = Math.max(0, chain.length - most);
      return [...chain.slice(0, free).map((unit) => [unit]), chain.slice(free)];
    }
    if (holds) return [chain.slice(0, most), ...chain.slice(most).map((unit) => [unit])];
    for (let at = 0; at < chain.length; at += most) parts.push(chain.slice(at, at + most));
    return parts;
  }

  private column(part: readonly number[], stack: number): Size {
    const units = part.map((unit) => this.list[unit]!);
    const width = Math.max(...units.map((unit) => unit.width));
    let height = 0;
    for (const unit of units) {
      unit.stack = stack;
      unit.dx = (width - unit.width) / 2;
      unit.dy = height;
      height += unit.height + STACK_GAP;
    }
    return { width, height: height - STACK_GAP };
  }

  /** One link for all edges between two columns. */
  stackLinks(sizes: readonly Size[]): { links: Link[]; linkOf: Int32Array } {
    const links: Link[] = [];
    const found = new Map<number, number>();
    const linkOf = new Int32Array(this.edges.length).fill(-1);
    this.edges.forEach(({ from, to }, edge) => {
      const [a, b] = [this.of(from), this.of(to)];
      if (a.stack === b.stack) return;
      const key = a.stack * sizes.length + b.stack;
      const index = found.get(key) ?? links.push({ from: a.stack, to: b.stack, weight: 0, fromOffset: 0, toOffset: 0 }) - 1;
      found.set(key, index);
      linkOf[edge] = index;
      const link = links[index]!;
      link.weight += 1;
      link.fromOffset += a.dy + this.port(from, "exits") - sizes[a.stack]!.height / 2;
      link.toOffset += b.dy + this.port(to, "enters") - sizes[b.stack]!.height / 2;
    });
    for (const link of links) {
      link.fromOffset /= link.weight;
      link.toOffset /= link.weight;
      link.weight = Math.min(link.weight, 8);
    }
    return { links, linkOf };
  }
}
