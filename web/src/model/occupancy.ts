import type { components } from "@/api/schema";

import { type Scale, xOf } from "./timeline";

// What was taken when: a device by one try at a time, a pool by several.

export type PastLanes = components["schemas"]["Timeline"];
type Bar = PastLanes["lanes"][number]["bars"][number];

export interface Span {
  from: number;
  to: number;
  state: "running" | "success" | "failed" | "skipped";
}
export interface Step {
  at: number;
  taken: number;
}
export interface PastLane {
  kind: "device" | "pool";
  name: string;
  spans: Span[];
  steps: Step[];
  /** Share of the window in which at least one try ran. */
  busy: number;
  /** The most that ran at the same time. */
  peak: number;
}

function stateOf({ end, outcome }: Bar): Span["state"] {
  if (end === null) return "running";
  return outcome === "success" ? "success" : outcome === "skipped" ? "skipped" : "failed";
}

function spansOf(bars: readonly Bar[], from: number, to: number): Span[] {
  return bars.flatMap((bar) => {
    if (bar.start === null) return []; // it never ran
    const span = { from: Math.max(from, Date.parse(bar.start)), to: Math.min(to, bar.end === null ? to : Date.parse(bar.end)), state: stateOf(bar) };
    return span.to > span.from ? [span] : [];
  }).sort((a, b) => a.from - b.from);
}

/** How many spans there are from each moment on; where one ends as another begins, nothing changes. */
function stepsOf(spans: readonly Span[]): Step[] {
  const changes = new Map<number, number>();
  for (const { from, to } of spans) {
    changes.set(from, (changes.get(from) ?? 0) + 1);
    changes.set(to, (changes.get(to) ?? 0) - 1);
  }
  let taken = 0;
  const steps: Step[] = [];
  for (const at of [...changes.keys()].sort((a, b) => a - b)) {
    const by = changes.get(at)!;
    if (by === 0) continue;
    taken += by;
    steps.push({ at, taken });
  }
  return steps;
}

/** Devices first, then pools, by name. */
export function pastLanes({ from, to, lanes }: Pick<PastLanes, "from" | "to" | "lanes">): PastLane[] {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  return lanes.map(({ kind, name, bars }) => {
    const spans = spansOf(bars, start, end);
    const steps = stepsOf(spans).filter((step) => step.at < end);
    const busy = steps.reduce((sum, { at, taken }, index) => sum + (taken > 0 ? (steps[index + 1]?.at ?? end) - at : 0), 0);
    return { kind, name, spans, steps, busy: busy / Math.max(1, end - start), peak: Math.max(0, ...steps.map((step) => step.taken)) };
  }).sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name));
}

/** The area of a pool as a path, `height` high at `most`. */
export function areaOf(steps: readonly Step[], scale: Scale, height: number, most: number): string {
  const y = (taken: number) => (height - (height * Math.min(taken, most)) / Math.max(1, most)).toFixed(1);
  let path = "";
  let taken = 0;
  for (const step of steps) {
    const x = xOf(scale, step.at).toFixed(1);
    path += path ? `L${x} ${y(taken)}L${x} ${y(step.taken)}` : `M${x} ${height}L${x} ${y(step.taken)}`;
    taken = step.taken;
  }
  return path && `${path}L${xOf(scale, scale.to).toFixed(1)} ${y(taken)}L${xOf(scale, scale.to).toFixed(1)} ${height}Z`;
}
