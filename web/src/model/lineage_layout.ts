import type { LineageGraph } from "./lineage";

// Places for a lineage: a column for each layer, boxes beside what they belong to, lines that go around boxes. A few dozen boxes;
// graphs of thousands of tasks have model/layout.ts.

export const SIZES = {
  /** Widths: the least, one that holds the second line, and what a box has beside its name. */
  dataset: { least: 150, wished: 168, beside: 45, height: 46 }, work: { least: 104, wished: 104, beside: 45, height: 30 },
  most: 232, letter: 6.7, gap: 18, widestGap: 72, row: 22, bend: 12,
} as const;

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Line {
  from: number;
  to: number;
  /** Left to right; a line that leads back has `back`. */
  points: [number, number][];
  back: boolean;
}
export interface LineagePicture {
  places: Place[];
  lines: Line[];
  width: number;
  height: number;
}

/** A box, or a bend of a line that passes a layer. */
interface Spot {
  column: number;
  height: number;
  middle: number;
  /** Spots of the columns beside it. */
  left: number[];
  right: number[];
}

/** Middles in this order, as near to the wished ones as the distances between them allow: least squares, by pooling neighbours. */
export function spread(wished: number[], distances: number[]): number[] {
  const pools: { sum: number; count: number }[] = [];
  let offset = 0;
  const offsets = wished.map((_, index) => (offset += index === 0 ? 0 : distances[index - 1]!));
  wished.forEach((wish, index) => {
    pools.push({ sum: wish - offsets[index]!, count: 1 });
    while (pools.length > 1) {
      const last = pools[pools.length - 1]!;
      const before = pools[pools.length - 2]!;
      if (before.sum / before.count <= last.sum / last.count) break;
      before.sum += last.sum;
      before.count += last.count;
      pools.pop();
    }
  });
  const out: number[] = [];
  for (const { sum, count } of pools) for (let n = 0; n < count; n += 1) out.push(sum / count + offsets[out.length]!);
  return out;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sweeps from column to column: first the order, then the places, each beside the mean of its neighbours. */
function arrange(spots: Spot[], columns: number[][]): void {
  const put = (column: number[]) => {
    const distances = column.slice(1).map((spot, index) => (spots[spot]!.height + spots[column[index]!]!.height) / 2 + SIZES.row);
    return (wished: number[]) => {
      spread(wished, distances).forEach((middle, index) => {
        spots[column[index]!]!.middle = middle;
      });
    };
  };
  for (const column of columns) put(column)(column.map(() => 0));
  for (let sweep = 0; sweep < 10; sweep += 1) {
    const fromLeft = sweep % 2 === 0;
    const order = fromLeft ? columns : [...columns].reverse();
    for (const column of order) {
      const wish = (index: number) => {
        const spot = spots[index]!;
        const near = fromLeft ? spot.left : spot.right;
        return near.length ? mean(near.map((each) => spots[each]!.middle)) : spot.middle;
      };
      const wishes = new Map(column.map((index) => [index, wish(index)]));
      if (sweep < 6) column.sort((a, b) => wishes.get(a)! - wishes.get(b)!);
      put(column)(column.map((index) => wishes.get(index)!));
    }
  }
  // At last by both sides, so that what has one neighbour stands beside it.
  for (let sweep = 0; sweep < 4; sweep += 1) {
    for (const column of columns) {
      put(column)(column.map((index) => {
        const near = [...spots[index]!.left, ...spots[index]!.right];
        return near.length ? mean(near.map((each) => spots[each]!.middle)) : spots[index]!.middle;
      }));
    }
  }
}

/** Wide enough for the names in them; narrower, all by the same share of what they may give, where everything can be in sight then. */
function columnWidths(graph: LineageGraph, spots: Spot[], columns: number, room: number): number[] {
  const least = Array.from({ length: columns }, () => 0);
  const wished = Array.from({ length: columns }, () => 0);
  graph.boxes.forEach((box, index) => {
    const { column } = spots[index]!;
    const size = SIZES[box.kind];
    least[column] = Math.max(least[column]!, size.least);
    wished[column] = Math.max(wished[column]!, size.wished, Math.min(SIZES.most, box.label.length * SIZES.letter + size.beside));
  });
  const sum = (values: number[]) => values.reduce((all, each) => all + each, 0);
  const over = sum(wished) - room;
  const spare = sum(wished) - sum(least);
  const given = over > 0 && over <= spare ? over / spare : 0;
  return wished.map((wish, column) => wish - (wish - least[column]!) * given);
}

/** `width`: of the place there is; columns move apart to fill it, and never closer together than their gap. */
export function placeLineage(graph: LineageGraph, width: number): LineagePicture {
  if (!graph.boxes.length) return { places: [], lines: [], width, height: 0 };
  const layers = [...new Set(graph.boxes.map((box) => box.layer))].sort((a, b) => a - b);
  const columnOf = new Map(layers.map((layer, index) => [layer, index]));
  const spots: Spot[] = graph.boxes.map((box) => ({
    column: columnOf.get(box.layer)!, height: SIZES[box.kind].height, middle: 0, left: [], right: [],
  }));
  const ways = graph.edges.map(({ from, to }) => {
    const way = [from];
    const back = spots[to]!.column <= spots[from]!.column;
    for (let column = spots[from]!.column + 1; !back && column < spots[to]!.column; column += 1) {
      way.push(spots.length);
      spots.push({ column, height: SIZES.bend, middle: 0, left: [], right: [] });
    }
    way.push(to);
    if (!back) {
      for (let index = 1; index < way.length; index += 1) {
        spots[way[index - 1]!]!.right.push(way[index]!);
        spots[way[index]!]!.left.push(way[index - 1]!);
      }
    }
    return { from, to, way, back };
  });
  const columns = layers.map((_, column) => spots.flatMap((spot, index) => (spot.column === column ? [index] : [])));
  arrange(spots, columns);

  const gaps = layers.length - 1;
  const widths = columnWidths(graph, spots, layers.length, width - gaps * SIZES.gap);
  const taken = widths.reduce((sum, each) => sum + each, 0);
  const gap = gaps ? Math.min(SIZES.widestGap, Math.max(SIZES.gap, (width - taken) / gaps)) : 0;
  const lefts: number[] = [];
  let x = Math.max(0, (width - taken - gap * gaps) / 2);
  for (const each of widths) {
    lefts.push(x);
    x += each + gap;
  }
  const top = Math.min(...spots.map((spot) => spot.middle - spot.height / 2));
  const bottom = Math.max(...spots.map((spot) => spot.middle + spot.height / 2));
  for (const spot of spots) spot.middle -= top;
  const places = graph.boxes.map((box, index) => {
    const { column, middle } = spots[index]!;
    const { height } = SIZES[box.kind];
    return { x: lefts[column]!, y: middle - height / 2, width: widths[column]!, height };
  });
  return { places, lines: lines(ways, spots, places, lefts, widths), width: Math.max(width, x - gap), height: bottom - top };
}

interface Way {
  from: number;
  to: number;
  way: number[];
  back: boolean;
}

function lines(ways: Way[], spots: Spot[], places: Place[], lefts: number[], widths: number[]): Line[] {
  // Lines that meet at a side of a box meet a few pixels apart, in the order of where they come from.
  const ports = new Map<string, number>();
  for (const side of ["in", "out"] as const) {
    const met = new Map<number, number[]>();
    ways.forEach((way, index) => {
      if (!way.back) met.set(side === "in" ? way.to : way.from, [...(met.get(side === "in" ? way.to : way.from) ?? []), index]);
    });
    const beyond = (index: number) => spots[side === "in" ? ways[index]!.way.at(-2)! : ways[index]!.way[1]!]!.middle;
    for (const [box, all] of met) {
      const apart = Math.min(7, (places[box]!.height - 14) / Math.max(1, all.length - 1));
      all.sort((x, y) => beyond(x) - beyond(y)).forEach((index, order) => ports.set(`${side} ${index}`, (order - (all.length - 1) / 2) * apart));
    }
  }
  return ways.map((way, index) => {
    const from = places[way.from]!;
    const to = places[way.to]!;
    if (way.back) {
      return { from: way.from, to: way.to, back: true, points: [[from.x + from.width / 2, from.y + from.height], [to.x + to.width / 2, to.y + to.height]] };
    }
    const points: [number, number][] = [[from.x + from.width, from.y + from.height / 2 + ports.get(`out ${index}`)!]];
    for (const bend of way.way.slice(1, -1)) {
      const { column, middle } = spots[bend]!;
      points.push([lefts[column]!, middle], [lefts[column]! + widths[column]!, middle]);
    }
    points.push([to.x, to.y + to.height / 2 + ports.get(`in ${index}`)!]);
    return { from: way.from, to: way.to, back: false, points };
  });
}

/** The line as a path of SVG: flat where it leaves, passes and arrives. A line that leads back hangs below the boxes. */
export function pathOf({ points, back }: Line): string {
  const [start, ...rest] = points;
  if (!start) return "";
  let [x, y] = start;
  let path = `M${x.toFixed(1)} ${y.toFixed(1)}`;
  for (const [nextX, nextY] of rest) {
    const middle = (x + nextX) / 2;
    path += back
      ? `C${x.toFixed(1)} ${(Math.max(y, nextY) + 26).toFixed(1)} ${nextX.toFixed(1)} ${(Math.max(y, nextY) + 26).toFixed(1)} ${nextX.toFixed(1)} ${nextY.toFixed(1)}`
      : `C${middle.toFixed(1)} ${y.toFixed(1)} ${middle.toFixed(1)} ${nextY.toFixed(1)} ${nextX.toFixed(1)} ${nextY.toFixed(1)}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}
