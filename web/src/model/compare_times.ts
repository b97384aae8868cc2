import type { components } from "@/api/schema";

import { type Field, differenceText, type Manifest, type Result } from "./compare";
import { count, duration } from "./time";

// How long two runs took, task by task, waiting apart; and the one sentence that a reader wants first.

export type Timeline = components["schemas"]["UiRunTimeline"];

export interface Spent {
  /** Waiting for a place, a retry, data or another run. */
  waited: number;
  ran: number;
  instances: number;
  state: string | null;
}
export interface TaskTimes {
  task: string;
  a: Spent | null;
  b: Spent | null;
  /** Seconds that b spent more, waiting included; 0 where one of the two hasn't come to the task, or has none of that name. */
  more: number;
  /** How much of that is waiting. */
  waitedMore: number;
}

function secondsOf(segments: Timeline["tasks"][number]["segments"], running: boolean, now: number): number {
  return segments
    .filter((segment) => (segment.kind === "running") === running)
    .reduce((sum, { from, to }) => sum + Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from)) / 1000, 0);
}

/** By task. A mapped one counts as its longest instance: the run goes on when that one has ended. */
function spentByTask(timeline: Timeline, now: number): Map<string, Spent> {
  const found = new Map<string, Spent>();
  for (const { task, state, segments } of timeline.tasks) {
    if (!segments.length) continue; // it hasn't come to it
    const spent = { waited: secondsOf(segments, false, now), ran: secondsOf(segments, true, now), instances: 1, state };
    const known = found.get(task);
    if (!known) found.set(task, spent);
    else {
      const longer = spent.waited + spent.ran > known.waited + known.ran ? spent : known;
      found.set(task, { ...longer, instances: known.instances + 1 });
    }
  }
  return found;
}

export function compareTimes(a: Timeline, b: Timeline, now: number): TaskTimes[] {
  const [left, right] = [spentByTask(a, now), spentByTask(b, now)];
  return [...new Set([...left.keys(), ...right.keys()])].map((task) => {
    const [was, is] = [left.get(task) ?? null, right.get(task) ?? null];
    const both = was !== null && is !== null;
    return {
      task, a: was, b: is,
      more: both ? is.waited + is.ran - was.waited - was.ran : 0,
      waitedMore: both ? is.waited - was.waited : 0,
    };
  });
}

/** Seconds from start to end; null for a run that goes on or never began. */
export function lengthOf({ start, end }: Pick<Timeline, "start" | "end">): number | null {
  return start === null || end === null ? null : (Date.parse(end) - Date.parse(start)) / 1000;
}

function stateSentence(a: Manifest, b: Manifest): string | null {
  if (a.state === b.state) return null;
  const did: Record<string, string> = { success: "succeeded", failed: "failed" };
  return `B ${did[b.state] ?? b.state} where A ${did[a.state] ?? a.state}`;
}

function timeSentence(a: Timeline, b: Timeline): string | null {
  const [was, is] = [lengthOf(a), lengthOf(b)];
  if (was === null || is === null) return null;
  const more = is - was;
  // What a clock and a scheduler do by themselves isn't a difference.
  if (Math.abs(more) < Math.max(0.5, 0.02 * was)) return `B took as long as A (${duration(is)})`;
  return `B took ${duration(Math.abs(more))} ${more > 0 ? "longer" : "less"}`;
}

function contentSentence(fields: readonly Field[], results: readonly Result[]): string | null {
  const outputs = fields.filter((field) => field.key.startsWith("output "));
  const other = outputs.filter((field) => field.differs).length;
  const moved = results.filter((result) => result.a !== result.b);
  const [only] = moved;
  if (moved.length === 1 && only && results.length > 1) return `${only.label} is ${differenceNumber(only)}`;
  if (outputs.length && other === 0) return moved.length ? `wrote the same content, ${count(moved.length)} of ${count(results.length)} results differ` : "wrote the same content";
  if (outputs.length) return `wrote other content${outputs.length > 1 ? ` in ${other} of ${outputs.length} datasets` : ""}`;
  if (results.length) return moved.length ? `${count(moved.length)} of ${count(results.length)} results differ` : "has the same results";
  return null;
}

function differenceNumber({ a, b }: Result): string {
  const size = Number(Math.abs(b - a).toPrecision(3));
  return `${size} ${b > a ? "more" : "less"}`;
}

/** `B took 6m 20s longer and wrote other content`. */
export function verdict(manifests: { a: Manifest; b: Manifest }, timelines: { a: Timeline; b: Timeline }, fields: readonly Field[], results: readonly Result[]): string {
  const open = [manifests.a, manifests.b].map((manifest) => ["queued", "running"].includes(manifest.state));
  if (open.some(Boolean)) {
    const [which, verb] = open.every(Boolean) ? ["Both", "go on"] : [open[0] ? "A" : "B", "goes on"];
    return `${which} ${verb}: more can be said at the end`;
  }
  const parts = [stateSentence(manifests.a, manifests.b), timeSentence(timelines.a, timelines.b)?.replace(/^B /, ""), contentSentence(fields, results)].filter((part): part is string => Boolean(part));
  if (!parts.length) return "Neither has begun: there is nothing to compare";
  const [first, ...rest] = parts;
  const begun = first!.startsWith("B ") ? first! : `B ${first}`;
  return rest.length ? `${[begun, ...rest.slice(0, -1)].join(", ")} and ${rest.at(-1)}` : begun;
}

/** The tasks that made most of it: two at most, each a tenth of the difference or more. */
export function mostly(times: readonly TaskTimes[], total: number | null): { task: string; text: string }[] {
  if (total === null || Math.abs(total) < 0.5) return [];
  return times
    .filter(({ more }) => Math.sign(more) === Math.sign(total) && Math.abs(more) >= Math.max(0.5, Math.abs(total) / 10))
    .sort((x, y) => Math.abs(y.more) - Math.abs(x.more))
    .slice(0, 2)
    .map(({ task, more, waitedMore }) => {
      const waiting = Math.abs(waitedMore) >= Math.abs(more) * 0.8 ? ", all of it waiting" : Math.sign(waitedMore) === Math.sign(more) && Math.abs(waitedMore) >= Math.abs(more) * 0.25 ? `, ${duration(Math.abs(waitedMore))} of it waiting` : "";
      return { task, text: `${differenceText(more)}${waiting}` };
    });
}
