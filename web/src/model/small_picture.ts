import { type GraphLayout, layout } from "./layout";

// A picture of a few tasks, laid out like the large graph and small enough to be drawn as it stands.

export type Sign = "" | "+" | "−" | "~";
export interface PictureTask {
  id: string;
  group: string | null;
  /** What became of it between two versions. */
  sign: Sign;
}
export interface PictureEdge {
  from: number;
  to: number;
  sign: Sign;
}
export interface Picture {
  tasks: PictureTask[];
  edges: PictureEdge[];
}
/** What the API tells of a graph. */
export interface GraphAnswer {
  tasks: readonly { id: string; group: string | null }[];
  edges: readonly (readonly number[])[];
}

export const MOST_TASKS = 120;
const LETTER = 6.3;

export function pictureOf(graph: GraphAnswer): Picture {
  return {
    tasks: graph.tasks.map(({ id, group }) => ({ id, group, sign: "" })),
    edges: graph.edges.map(([from, to]) => ({ from: from!, to: to!, sign: "" })),
  };
}

function reaches(from: number, to: number, next: readonly number[][]): boolean {
  const seen = new Set([from]);
  const stack = [from];
  while (stack.length) {
    const at = stack.pop()!;
    if (at === to) return true;
    for (const each of next[at]!) {
      if (seen.has(each)) continue;
      seen.add(each);
      stack.push(each);
    }
  }
  return false;
}

/**
 * What differs between two versions: the tasks that came, went or changed, those that are wired anew, and the ones right before and
 * after them. Edges that are gone are left out where they would make a circle with those that came.
 */
export function differenceOf(before: GraphAnswer, after: GraphAnswer, changed: readonly string[]): Picture {
  const groups = new Map([...before.tasks, ...after.tasks].map(({ id, group }) => [id, group]));
  const names = (graph: GraphAnswer) => new Set(graph.edges.map(([from, to]) => `${graph.tasks[from!]!.id}\n${graph.tasks[to!]!.id}`));
  const [old, now] = [names(before), names(after)];
  const [had, has] = [new Set(before.tasks.map(({ id }) => id)), new Set(after.tasks.map(({ id }) => id))];
  const signOf = (id: string): Sign => (!had.has(id) ? "+" : !has.has(id) ? "−" : changed.includes(id) ? "~" : "");
  const all = [...new Set([...now, ...old])].map((name) => {
    const [from, to] = name.split("\n") as [string, string];
    return { from, to, sign: (!old.has(name) ? "+" : !now.has(name) ? "−" : "") as Sign };
  });
  const shown = new Set([...groups.keys()].filter((id) => signOf(id) !== ""));
  for (const { from, to, sign } of all) if (sign) shown.add(from).add(to);
  const core = new Set(shown);
  for (const { from, to } of all) {
    if (core.has(from)) shown.add(to);
    if (core.has(to)) shown.add(from);
  }
  // In the newer version's order, so that the picture resembles that of the whole.
  const ids = [...after.tasks, ...before.tasks.filter(({ id }) => !has.has(id))].map(({ id }) => id).filter((id) => shown.has(id));
  const place = new Map(ids.map((id, index) => [id, index]));
  const next: number[][] = ids.map(() => []);
  const edges: PictureEdge[] = [];
  for (const { from: a, to: b, sign } of all.sort((x, y) => Number(x.sign === "−") - Number(y.sign === "−"))) {
    const [from, to] = [place.get(a), place.get(b)];
    if (from === undefined || to === undefined || (sign === "−" && reaches(to, from, next))) continue;
    next[from]!.push(to);
    edges.push({ from, to, sign });
  }
  return { tasks: ids.map((id) => ({ id, group: groups.get(id) ?? null, sign: signOf(id) })), edges };
}

export function layPicture(picture: Picture): GraphLayout {
  const longest = Math.max(8, ...picture.tasks.map(({ id }) => id.length));
  return layout({
    groupOf: new Int32Array(picture.tasks.length).fill(-1), groups: 0, closed: new Uint8Array(0),
    edges: Int32Array.from(picture.edges.flatMap(({ from, to }) => [from, to])), nodeWidth: Math.round(Math.min(210, longest * LETTER + 34)),
  });
}

/** The path of an edge as SVG has it: a line through each layer, curves between. */
export function pathOf(laid: GraphLayout, edge: number): string {
  const [start, end] = [laid.edgeStart[edge]!, laid.edgeStart[edge + 1]!];
  const at = (index: number): [number, number] => [laid.points[2 * index]!, laid.points[2 * index + 1]!];
  let path = `M${at(start).join(" ")}`;
  for (let index = start + 1; index < end; index += 1) {
    const [[x0, y0], [x, y]] = [at(index - 1), at(index)];
    const middle = (x0 + x) / 2;
    path += y0 === y ? `L${x} ${y}` : `C${middle} ${y0} ${middle} ${y} ${x} ${y}`;
  }
  return path;
}
