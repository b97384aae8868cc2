import type { components } from "@/api/schema";

// The lineage of a dataset as the API tells it (datasets, tasks, DAGs that a dataset starts; or versions and attempts, "as of" a
// version), made into boxes that a reader wants: datasets, and between them what a DAG does. Places are model/lineage_layout.ts's.

export type Lineage = Pick<components["schemas"]["Lineage"], "nodes" | "edges" | "truncated">;
type Node = Lineage["nodes"][number];

export interface Box {
  id: string;
  kind: "dataset" | "work";
  /** Of a dataset its name, of work the DAG's id. */
  label: string;
  /** 0: what is asked for; below: what it is made of; above: what is made of it. Datasets have even ones, work odd ones. */
  layer: number;
  /** The tasks of that DAG that read or write here. Empty: the DAG is started by the dataset, and reads nothing of it by name. */
  tasks: string[];
  /** A dataset of the layer before starts the DAG. */
  starts: boolean;
  /** As of a version: what was read or written, by number. */
  versions: { number: number; partition: string | null }[];
  runs: { runId: string; outcome: string | null }[];
  /** Neighbours that lie beyond the steps shown. */
  more: number;
}
export interface LineageGraph {
  boxes: Box[];
  /** Indexes into `boxes`, as the data flows. */
  edges: { from: number; to: number }[];
}

type Links = Map<string, Set<string>>;

function link(links: Links, from: string, to: string): void {
  const found = links.get(from);
  if (found) found.add(to);
  else links.set(from, new Set([to]));
}

/** The number of a version's node: `dataset:NAME@b3:…#191`. */
function numberOf(node: Node): number {
  return Number(node.id.slice(node.id.lastIndexOf("#") + 1));
}

/**
 * Leaves out the nodes of DAGs that a dataset starts: their tasks that read it stand for them, else those that write something, else
 * the DAG itself stays.
 */
function withoutDags(answer: Lineage): { links: [string, string][]; started: Set<string> } {
  const of = new Map(answer.nodes.map((node) => [node.id, node]));
  const kindOf = (id: string) => of.get(id)?.kind;
  const fed = new Set(answer.edges.filter((edge) => kindOf(edge.from) === "dataset" && kindOf(edge.to) === "task").map((edge) => edge.to));
  const links: [string, string][] = [];
  const started = new Set<string>();
  for (const { from, to } of answer.edges) {
    if (kindOf(from) === "dag") continue;
    if (kindOf(to) !== "dag") {
      links.push([from, to]);
      continue;
    }
    const dagId = of.get(to)!.dag_id!;
    started.add(`${from} ${dagId}`);
    const reads = answer.edges.some((edge) => edge.from === from && of.get(edge.to)?.kind === "task" && of.get(edge.to)?.dag_id === dagId);
    const writers = answer.edges.filter((edge) => edge.from === to && !fed.has(edge.to)).map((edge) => edge.to);
    if (writers.length) links.push(...writers.map((writer): [string, string] => [from, writer]));
    else if (!reads) links.push([from, to]);
  }
  return { links, started };
}

/** Longest way from the root along the links; links that lead back onto the way are left out of it. */
function layersFrom(root: string, links: Links): Map<string, number> {
  const layer = new Map<string, number>();
  const done: string[] = [];
  const state = new Map<string, "open" | "done">();
  const forward: Links = new Map();
  // Depth first without recursion: an answer may be a chain of a thousand.
  const stack: { id: string; next: Iterator<string> }[] = [];
  const enter = (id: string) => {
    state.set(id, "open");
    stack.push({ id, next: (links.get(id) ?? new Set<string>()).values() });
  };
  enter(root);
  while (stack.length) {
    const top = stack[stack.length - 1]!;
    const { value, done: end } = top.next.next();
    if (end) {
      state.set(top.id, "done");
      done.push(top.id);
      stack.pop();
    } else if (state.get(value) !== "open") {
      link(forward, top.id, value);
      if (!state.has(value)) enter(value);
    }
  }
  layer.set(root, 0);
  for (const id of done.reverse()) {
    for (const next of forward.get(id) ?? []) layer.set(next, Math.max(layer.get(next) ?? 0, layer.get(id)! + 1));
  }
  return layer;
}

/** Datasets between the root and each node, on the shortest way, itself included. */
function stepsFrom(root: string, links: Links, isWork: (id: string) => boolean): Map<string, number> {
  const steps = new Map([[root, 0]]);
  const open = [root];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    for (const next of links.get(id) ?? []) {
      if (steps.has(next)) continue;
      // Work counts to the step that it leads to.
      steps.set(next, steps.get(id)! + (isWork(next) ? 1 : 0));
      open.push(next);
    }
  }
  return steps;
}

export function lineageGraph(answer: Lineage, steps: number): LineageGraph {
  const first = answer.nodes[0];
  if (!first) return { boxes: [], edges: [] };
  const nodeOf = new Map(answer.nodes.map((node) => [node.id, node]));
  const isWork = (id: string) => !["dataset", "version"].includes(nodeOf.get(id)!.kind);
  const { links, started } = withoutDags(answer);
  const after: Links = new Map();
  const before: Links = new Map();
  for (const [from, to] of links) {
    link(after, from, to);
    link(before, to, from);
  }
  const root = first.id;
  const down = layersFrom(root, after);
  const up = layersFrom(root, before);
  const downSteps = stepsFrom(root, after, isWork);
  const upSteps = stepsFrom(root, before, isWork);
  // What is both made of it and read by it stands where it is nearer.
  const side = (id: string) => (upSteps.has(id) && (!downSteps.has(id) || upSteps.get(id)! <= downSteps.get(id)!) ? -1 : 1);

  const boxes: Box[] = [];
  const boxOf = new Map<string, number>();
  const indexOf = new Map<string, number>();
  for (const node of answer.nodes) {
    const sign = side(node.id);
    const distance = (sign < 0 ? upSteps : downSteps).get(node.id);
    if (distance === undefined || distance > steps) continue;
    const layer = node.id === root ? 0 : sign * (sign < 0 ? up : down).get(node.id)!;
    const label = (isWork(node.id) ? node.dag_id : node.dataset) ?? node.id;
    const key = isWork(node.id) ? `${label} ${layer}` : node.kind === "version" && node.id !== root ? `${label} ${sign}` : node.id;
    let at = boxOf.get(key);
    if (at === undefined) {
      at = boxes.length;
      boxOf.set(key, at);
      boxes.push({ id: key, kind: isWork(node.id) ? "work" : "dataset", label, layer, tasks: [], starts: false, versions: [], runs: [], more: 0 });
    }
    indexOf.set(node.id, at);
    fill(boxes[at]!, node, layer);
  }
  const edges = new Map<string, { from: number; to: number }>();
  const beyond = new Map<number, Set<string>>();
  for (const [from, to] of links) {
    const a = indexOf.get(from);
    const b = indexOf.get(to);
    if (a !== undefined && b !== undefined) {
      if (a !== b) edges.set(`${a} ${b}`, { from: a, to: b });
      if (started.has(`${from} ${boxes[b]!.label}`)) boxes[b]!.starts = true;
    } else if (a !== undefined || b !== undefined) {
      const inside = (a ?? b)!;
      const outside = nodeOf.get(a === undefined ? from : to)!;
      beyond.set(inside, (beyond.get(inside) ?? new Set()).add(outside.dag_id ?? outside.id));
    }
  }
  for (const [at, outside] of beyond) boxes[at]!.more = outside.size;
  return { boxes, edges: [...edges.values()] };
}

/** What a node adds to its box. Of versions of one dataset at several distances the farthest counts, so that data flows one way. */
function fill(box: Box, node: Node, layer: number): void {
  if (Math.abs(layer) > Math.abs(box.layer)) box.layer = layer;
  if (node.kind === "version") box.versions.push({ number: numberOf(node), partition: node.partition });
  if (node.task_id && box.kind === "work" && !box.tasks.includes(node.task_id)) box.tasks.push(node.task_id);
  if (node.kind === "attempt" && node.run_id && !box.runs.some((run) => run.runId === node.run_id)) {
    box.runs.push({ runId: node.run_id, outcome: node.outcome });
  }
}

/** The list that says the same as the picture: by distance from the root, upstream first. */
export function inOrder(graph: LineageGraph): Box[] {
  return [...graph.boxes].sort((a, b) => a.layer - b.layer || a.label.localeCompare(b.label));
}

/** Boxes on a way between the root and this one: what is lit when it is looked at. */
export function waysThrough(graph: LineageGraph, at: number): Set<number> {
  const found = new Set([at]);
  for (const forward of [true, false]) {
    const open = [at];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const { from, to } of graph.edges) {
        const [here, there] = forward ? [from, to] : [to, from];
        if (here !== next || found.has(there)) continue;
        found.add(there);
        open.push(there);
      }
    }
  }
  return found;
}
