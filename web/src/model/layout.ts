import { type Gaps, layered, type Size } from "./layered";
import { EdgePaths } from "./layout_paths";
import { FRAME, type GraphInput, type Stacking, Units } from "./layout_units";

// Where tasks, groups and edges of a DAG's graph are, left to right. Pure and the same each time; the worker runs it.

export { type GraphInput, NODE_HEIGHT } from "./layout_units";

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

const GAPS: Gaps = { layer: 32, node: 12, pass: 9 };
/** Beyond so many boxes without edges they stand in rows of their own. */
const LOOSE = 3;
/** A picture that is wider puts chains into columns, as far as it needs: what can be read at a glance is worth a turn. */
const WIDE = 860;
/** Beyond so many tasks it will be wide in any case. */
const STACKED_TASKS = 200;
const STACKINGS: readonly Stacking[] = [{ most: 1, ends: true }, { most: 2, ends: true }, { most: 3, ends: true }, { most: 3, ends: false }];

/** Columns without links beside many others would make one endless column: they go below, in rows. */
function layLoose(loose: readonly number[], sizes: readonly Size[], places: { x: Float64Array; y: Float64Array }, width: number, top: number): Size {
  const area = loose.reduce((sum, stack) => sum + (sizes[stack]!.width + GAPS.node) * (sizes[stack]!.height + GAPS.node), 0);
  const limit = Math.max(width, Math.sqrt(area * 1.6));
  let [x, y, tall, wide] = [0, top, 0, width];
  for (const stack of loose) {
    const size = sizes[stack]!;
    if (x > 0 && x + size.width > limit) {
      x = 0;
      y += tall + GAPS.node;
      tall = 0;
    }
    places.x[stack] = x;
    places.y[stack] = y;
    wide = Math.max(wide, x + size.width);
    x += size.width + GAPS.node;
    tall = Math.max(tall, size.height);
  }
  return { width: wide, height: y + tall };
}

/** Boxes and frames where they are. */
function drawnOf(units: Units) {
  const nodeTask: number[] = [];
  const nodePart: number[] = [];
  const x: number[] = [];
  const y: number[] = [];
  const taskNode = new Int32Array(units.tasks);
  const frames: GraphLayout["frames"] = [];
  const parts = units.parts.groupOf.map((group, part) => ({ group, number: units.parts.number[part]!, of: units.parts.of[part]!, tasks: 0 }));
  for (const unit of units.list) {
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

function compose(units: Units, stacking: Stacking): GraphLayout {
  const sizes = units.pile(stacking);
  const { links, linkOf } = units.stackLinks(sizes);
  const linked = new Uint8Array(sizes.length);
  for (const link of links) linked[link.from] = linked[link.to] = 1;
  const loose = [...sizes.keys()].filter((stack) => !linked[stack]);
  const few = loose.length <= LOOSE;
  const laid = [...sizes.keys()].filter((stack) => linked[stack] || few);
  const place = new Map(laid.map((stack, index) => [stack, index]));
  const outer = layered(laid.map((stack) => sizes[stack]!), links.map((link) => ({ ...link, from: place.get(link.from)!, to: place.get(link.to)! })), GAPS);
  const places = { x: new Float64Array(sizes.length), y: new Float64Array(sizes.length) };
  laid.forEach((stack, index) => {
    places.x[stack] = outer.x[index]!;
    places.y[stack] = outer.y[index]!;
  });
  const whole = few ? outer : layLoose(loose, sizes, places, outer.width, laid.length ? outer.height + 3 * GAPS.node : 0);
  for (const unit of units.list) {
    unit.x = places.x[unit.stack]! + unit.dx;
    unit.y = places.y[unit.stack]! + unit.dy;
  }
  const drawn = drawnOf(units);
  const paths = new EdgePaths(units, drawn.taskNode, outer, (task) => outer.layerOf[place.get(units.of(task).stack)!]!).trace(linkOf);
  return { width: whole.width, height: whole.height, nodeWidth: units.input.nodeWidth, ...drawn, ...paths };
}

/** The narrowest stacking that isn't wide, or the narrowest of all. */
export function layout(input: GraphInput): GraphLayout {
  const units = new Units(input);
  let best: GraphLayout | null = null;
  for (const stacking of units.tasks > STACKED_TASKS ? STACKINGS.slice(0, 1) : STACKINGS) {
    const laid = compose(units, stacking);
    if (!best || laid.width < best.width) best = laid;
    if (best.width <= WIDE) break;
  }
  return best!;
}
