import type { Layers } from "./layered";
import { FRAME, NODE_HEIGHT, type Unit, type Units } from "./layout_units";

// The lines of edges: out of the frame they start in, past what is between, into the frame they end in.

/** Of edges between the same boxes only the first has a line. */
export class EdgePaths {
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private readonly start: number[] = [];
  private readonly points: number[] = [];
  private readonly seen = new Set<number>();

  constructor(
    private readonly units: Units, private readonly taskNode: Int32Array, private readonly outer: Layers, private readonly layerOf: (task: number) => number,
  ) {}

  /** `linkOf`: the link of each edge between columns, or -1. */
  trace(linkOf: Int32Array) {
    const { units, outer, layerOf } = this;
    units.edges.forEach(({ from, to }, edge) => {
      if (this.taskNode[from] === this.taskNode[to] || !this.begin(from, to)) return;
      const link = linkOf[edge]!;
      const [a, b] = [units.of(from), units.of(to)];
      if (a === b) this.inner(edge);
      else if (link < 0) this.down(a.x + a.width / 2, a.y + a.height, b.y);
      else {
        this.exit(from, outer.right[layerOf(from)]!);
        outer.passes[link]!.forEach((height, index) => {
          const layer = layerOf(from) + 1 + index;
          this.through(outer.left[layer]!, outer.right[layer]!, height);
        });
        this.enter(to, outer.left[layerOf(to)]!);
      }
    });
    return this.done();
  }

  private begin(fromTask: number, toTask: number): boolean {
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
  private through(left: number, right: number, y: number): void {
    this.points.push(left, y, right, y);
  }

  /** Straight down, within a column. */
  private down(x: number, top: number, bottom: number): void {
    this.points.push(x, top, x, bottom);
  }

  private done() {
    return {
      edgeFrom: Int32Array.from(this.from), edgeTo: Int32Array.from(this.to),
      edgeStart: Int32Array.from([...this.start, this.points.length / 2]), points: Float32Array.from(this.points),
    };
  }

  private spot(task: number): { unit: Unit; x: number; y: number; layer: number } {
    const unit = this.units.of(task);
    const index = this.units.place[task]!;
    return {
      unit, layer: unit.inner ? unit.inner.layerOf[index]! : 0,
      x: unit.x + (unit.inner ? FRAME.side + unit.inner.x[index]! : 0),
      y: unit.y + (unit.inner ? FRAME.top + unit.inner.y[index]! : 0) + NODE_HEIGHT / 2,
    };
  }

  private inner(edge: number): void {
    const [a, b] = [this.spot(this.units.edges[edge]!.from), this.spot(this.units.edges[edge]!.to)];
    const inner = a.unit.inner!;
    const [dx, dy] = [a.unit.x + FRAME.side, a.unit.y + FRAME.top];
    this.through(a.x + this.units.input.nodeWidth, dx + inner.right[a.layer]!, a.y);
    inner.passes[this.units.innerLink[edge]!]!.forEach((height, index) => {
      this.through(dx + inner.left[a.layer + 1 + index]!, dx + inner.right[a.layer + 1 + index]!, dy + height);
    });
    this.through(dx + inner.left[b.layer]!, b.x, b.y);
  }

  private exit(task: number, right: number): void {
    const { unit, x, y, layer } = this.spot(task);
    const from = x + this.units.input.nodeWidth;
    const way = unit.inner?.exits[this.units.place[task]!];
    if (!unit.inner || !way?.length) {
      this.through(from, right, y);
      return;
    }
    const dx = unit.x + FRAME.side;
    this.through(from, dx + unit.inner.right[layer]!, y);
    way.forEach((height, index) => {
      const last = index === way.length - 1;
      this.through(dx + unit.inner!.left[layer + 1 + index]!, last ? right : dx + unit.inner!.right[layer + 1 + index]!, unit.y + FRAME.top + height);
    });
  }

  private enter(task: number, left: number): void {
    const { unit, x, y, layer } = this.spot(task);
    const way = unit.inner?.enters[this.units.place[task]!];
    if (!unit.inner || !way?.length) {
      this.through(left, x, y);
      return;
    }
    const dx = unit.x + FRAME.side;
    way.forEach((height, index) => {
      this.through(index === 0 ? left : dx + unit.inner!.left[index]!, dx + unit.inner!.right[index]!, unit.y + FRAME.top + height);
    });
    this.through(dx + unit.inner.left[layer]!, x, y);
  }
}
