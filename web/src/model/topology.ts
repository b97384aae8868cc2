// Orders of a graph's nodes that its edges give.

/** Nodes in an order in which each link goes forward. Throws for a circle, which a DAG hasn't. */
export function topological(count: number, links: readonly { from: number; to: number }[]): Int32Array {
  const waiting = new Int32Array(count);
  const { start, list } = adjacency(count, links, (link) => link.from, (link) => link.to);
  for (const link of links) waiting[link.to]! += 1;
  const order = new Int32Array(count);
  let filled = 0;
  for (let node = 0; node < count; node += 1) if (waiting[node] === 0) order[filled++] = node;
  for (let next = 0; next < filled; next += 1) {
    const node = order[next]!;
    for (let at = start[node]!; at < start[node + 1]!; at += 1) {
      const after = list[at]!;
      waiting[after]! -= 1;
      if (waiting[after] === 0) order[filled++] = after;
    }
  }
  if (filled < count) throw new Error("the graph has a circle");
  return order;
}

/** Neighbours of each node, one after the other: those of node n are `list[start[n]] … list[start[n + 1] - 1]`. */
export function adjacency<L>(count: number, links: readonly L[], key: (link: L) => number, value: (link: L, index: number) => number) {
  const start = new Int32Array(count + 1);
  for (const link of links) start[key(link) + 1]! += 1;
  for (let node = 0; node < count; node += 1) start[node + 1]! += start[node]!;
  const list = new Int32Array(links.length);
  const fill = start.slice();
  links.forEach((link, index) => {
    list[fill[key(link)]!++] = value(link, index);
  });
  return { start, list };
}
