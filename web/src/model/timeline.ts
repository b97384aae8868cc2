import type { LaneBar } from "./overview";
import { offsetMinutes, partsIn, startOfDay } from "./time";

// Runs of a DAG on a line of time: which pixels of a lane have which colour. A lane may hold thousands of runs in a few
// hundred pixels, so it is painted column by column, and in each column what needs eyes first wins.

export type MarkState = "failed" | "running" | "queued" | "success" | "planned";
/** In the order in which one hides another. */
const RANK: readonly MarkState[] = ["planned", "success", "queued", "running", "failed"];
const MIN_WIDTH = 3;

export interface Scale {
  from: number;
  to: number;
  width: number;
}
export interface Mark {
  x: number;
  w: number;
  state: MarkState;
}

export function xOf(scale: Scale, at: number): number {
  return ((at - scale.from) / (scale.to - scale.from)) * scale.width;
}

function stateOf(bar: LaneBar): MarkState {
  return bar.planned ? "planned" : (bar.state ?? "success");
}

/** Where a bar lies; what still runs reaches to now, and the shortest can still be seen. */
function spanOf(bar: LaneBar, scale: Scale, now: number): [number, number] {
  const start = xOf(scale, Date.parse(bar.start));
  const end = bar.end ? Date.parse(bar.end) : bar.planned ? Date.parse(bar.start) : Math.max(now, Date.parse(bar.start));
  const left = Math.floor(start);
  return [left, Math.max(left + MIN_WIDTH, Math.round(xOf(scale, end)))];
}

export function marksOf(bars: readonly LaneBar[], scale: Scale, now: number): Mark[] {
  const width = Math.ceil(scale.width);
  const columns = new Int8Array(width).fill(-1);
  for (const bar of bars) {
    const [left, right] = spanOf(bar, scale, now);
    const rank = RANK.indexOf(stateOf(bar));
    // A pixel between neighbours, where there is room for it.
    const end = Math.min(width, right - (right - left > MIN_WIDTH ? 1 : 0));
    for (let x = Math.max(0, left); x < end; x += 1) if (columns[x]! < rank) columns[x] = rank;
  }
  const marks: Mark[] = [];
  for (let x = 0; x < width; x += 1) {
    const rank = columns[x]!;
    if (rank < 0) continue;
    const last = marks.at(-1);
    const state = RANK[rank]!;
    if (last && last.state === state && last.x + last.w === x) last.w += 1;
    else marks.push({ x, w: 1, state });
  }
  return marks;
}

/** The bars at a place, those in need of eyes first, then the nearest: the first is what a click opens. */
export function barsAt(bars: readonly LaneBar[], scale: Scale, now: number, x: number): LaneBar[] {
  const found = bars.filter((bar) => {
    const [left, right] = spanOf(bar, scale, now);
    return left - 1 <= x && x <= right;
  });
  const middle = (bar: LaneBar) => {
    const [left, right] = spanOf(bar, scale, now);
    return Math.abs((left + right) / 2 - x);
  };
  return found.sort((a, b) => RANK.indexOf(stateOf(b)) - RANK.indexOf(stateOf(a)) || middle(a) - middle(b));
}

/** What a lane's glyph says: it runs; else how its newest run ended; else that one is to come. */
export function laneState(bars: readonly LaneBar[]): "running" | "queued" | "success" | "failed" | "scheduled" | "none" {
  let newest: LaneBar | null = null;
  let planned = false;
  let queued = false;
  for (const bar of bars) {
    if (bar.planned) planned = true;
    else if (bar.state === "running") return "running";
    else if (bar.state === "queued") queued = true;
    else if (!newest || (bar.end ?? "") > (newest.end ?? "")) newest = bar;
  }
  return queued ? "queued" : (newest?.state ?? (planned ? "scheduled" : "none"));
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880].map((minutes) => minutes * MINUTE);
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n: number) => String(n).padStart(2, "0");

export interface TimeTick {
  at: number;
  x: number;
  label: string;
}

/** Round times of the zone, `apart` pixels from each other at least; a day's beginning is its date. */
export function ticksOf(scale: Scale, zone: string, apart = 76): TimeTick[] {
  const perPixel = (scale.to - scale.from) / Math.max(1, scale.width);
  const step = STEPS.find((each) => each / perPixel >= apart) ?? STEPS.at(-1)!;
  const ticks: TimeTick[] = [];
  const add = (at: number) => {
    if (at < scale.from || at > scale.to) return;
    const p = partsIn(zone, at);
    // Where the clocks change, a step from a round time may end beside one.
    if (((p.hour * 60 + p.minute) * MINUTE) % Math.min(step, DAY) !== 0) return;
    const label = p.hour === 0 && p.minute === 0 ? `${p.day} ${MONTHS[p.month - 1]}` : `${two(p.hour)}:${two(p.minute)}`;
    ticks.push({ at, x: xOf(scale, at), label });
  };
  if (step >= DAY) {
    const p = partsIn(zone, scale.from);
    for (let day = 0; day * DAY <= scale.to - scale.from + DAY; day += step / DAY) add(startOfDay(zone, p.year, p.month, p.day + day));
    return ticks;
  }
  // On the zone's clock, whatever its offset does on the way.
  const round = (at: number) => {
    const offset = offsetMinutes(zone, at) * MINUTE;
    return Math.ceil((at + offset) / step) * step - offset;
  };
  for (let at = round(scale.from); at <= scale.to; at = Math.max(round(at + 1), at + MINUTE)) add(at);
  return ticks;
}
