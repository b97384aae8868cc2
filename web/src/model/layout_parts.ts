import { topological } from "./topology";

// Which tasks of a group can share a box. A box of all would be in its own way where an edge leaves the group and another comes back
// to it: something between would have to be right and left of it. Such a group is shown in parts.

export interface Parts {
  /** The part of each task, or -1. */
  partOf: Int32Array;
  groupOf: number[];
  /** Which part of its group, from 0, and how many there are. */
  number: number[];
  of: number[];
}

type Edge = { from: number; to: number };

/** Edges between units, without those within one. */
function contracted(edges: readonly Edge[], unitOf: Int32Array): Edge[] {
  const kept: Edge[] = [];
  for (const { from, to } of edges) if (unitOf[from] !== unitOf[to]) kept.push({ from: unitOf[from]!, to: unitOf[to]! });
  return kept;
}

/** Units that are left when what no circle goes through is taken off, from both ends. */
function inCircles(units: number, edges: readonly Edge[]): Uint8Array {
  const left = new Uint8Array(units).fill(1);
  for (const side of ["to", "from"] as const) {
    const other = side === "to" ? "from" : "to";
    const degree = new Int32Array(units);
    const next: number[][] = Array.from({ length: units }, () => []);
    for (const edge of edges) {
      if (!left[edge.from] || !left[edge.to]) continue;
      degree[edge[side]]! += 1;
      next[edge[other]]!.push(edge[side]);
    }
    const ready: number[] = [];
    for (let unit = 0; unit < units; unit += 1) if (left[unit] && degree[unit] === 0) ready.push(unit);
    for (let unit = ready.pop(); unit !== undefined; unit = ready.pop()) {
      left[unit] = 0;
      for (const each of next[unit]!) {
        degree[each]! -= 1;
        if (degree[each] === 0) ready.push(each);
      }
    }
  }
  return left;
}

/** How often a way into each member has left the group and come back: members of one number can share a box. */
function returns(units: number, edges: readonly Edge[], isMember: Uint8Array): Int32Array {
  const level = new Int32Array(units).fill(-1);
  const order = topological(units, edges);
  const incoming: number[][] = Array.from({ length: units }, () => []);
  for (const edge of edges) incoming[edge.to]!.push(edge.from);
  for (const unit of order) {
    let most = isMember[unit] ? 0 : -1;
    for (const before of incoming[unit]!) {
      const reached = level[before]!;
      if (reached >= 0) most = Math.max(most, isMember[unit] && !isMember[before] ? reached + 1 : reached);
    }
    level[unit] = most;
  }
  return level;
}

/** `groupOf`: of each task, or -1. */
export function partsOf(groupOf: Int32Array, groups: number, edges: readonly Edge[]): Parts {
  const tasks = groupOf.length;
  const partOf = new Int32Array(tasks).fill(-1);
  const parts: Parts = { partOf, groupOf: [], number: [], of: [] };
  // A unit is a task of no group, or a part. Units of parts come after those of tasks.
  const unitOf = Int32Array.from({ length: tasks }, (_, task) => (groupOf[task]! < 0 ? task : tasks + groupOf[task]!));
  const whole = inCircles(tasks + groups, contracted(edges, unitOf));
  const members: number[][] = Array.from({ length: groups }, () => []);
  groupOf.forEach((group, task) => group >= 0 && members[group]!.push(task));
  const add = (group: number, list: readonly number[], number: number, of: number) => {
    const part = parts.groupOf.push(group) - 1;
    parts.number.push(number);
    parts.of.push(of);
    for (const task of list) {
      partOf[task] = part;
      unitOf[task] = tasks + part;
    }
  };
  const split: number[] = [];
  for (let group = 0; group < groups; group += 1) {
    for (const task of members[group]!) unitOf[task] = task;
    if (!members[group]!.length) continue;
    if (whole[tasks + group]) split.push(group);
  }
  for (let group = 0; group < groups; group += 1) {
    if (members[group]!.length && !whole[tasks + group]) add(group, members[group]!, 0, 1);
  }
  for (const group of split) {
    const units = tasks + parts.groupOf.length;
    const isMember = new Uint8Array(units);
    for (const task of members[group]!) isMember[task] = 1;
    const level = returns(units, contracted(edges, unitOf), isMember);
    const lists: number[][] = [];
    for (const task of members[group]!) (lists[level[task]!] ??= []).push(task);
    const filled = lists.filter((list) => list !== undefined);
    filled.forEach((list, number) => add(group, list, number, filled.length));
  }
  return parts;
}
