import type { Instance } from "./run_timeline";
import { clock, offsetMinutes, partsIn } from "./time";

// From instants to pixels. Long stretches in which nothing works are folded to a few pixels, so that what did work can be seen.

export interface Interval {
  from: number;
  to: number;
}

export interface Tick {
  x: number;
  at: number;
  label: string;
}

export interface TimeScale {
  from: number;
  to: number;
  width: number;
  x: (at: number) => number;
  ticks: Tick[];
  folds: (Interval & { x: number })[];
}

export const FOLD_PX = 26;
const FOLD_SHARE = 0.2; // more squeezes what did run
const FOLD_LEAST = 30_000; // a shorter one can be waited for, and is seen as it is
const LABEL_PX = 66;
const STEPS = [
  50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
  7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000, 2_592_000_000,
];

/** When anything ran or was about to; Infinity: it goes on. Sorted and apart from each other. */
export function busyOf(instances: readonly Instance[]): Interval[] {
  const all: Interval[] = [];
  for (const { segments } of instances) {
    for (const { kind, from, to } of segments) {
      if (kind === "running" || kind === "queued") all.push({ from, to: to ?? Infinity });
    }
  }
  all.sort((a, b) => a.from - b.from);
  const merged: Interval[] = [];
  for (const { from, to } of all) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/** The gaps of `busy` to fold between `from` and `to`: longest first, while one takes over a fifth of what is left. */
export function gapsOf(busy: readonly Interval[], from: number, to: number): Interval[] {
  const gaps: Interval[] = [];
  let at = from;
  for (const one of busy) {
    if (one.from > at) gaps.push({ from: at, to: Math.min(one.from, to) });
    at = Math.max(at, one.to);
    if (at >= to) break;
  }
  // The wait that goes on: only a long one, so that a chart that is watched doesn't jump at each pause.
  if (busy.length && to - at > (to - from) / 2) gaps.push({ from: at, to });
  let left = to - from;
  const folded: Interval[] = [];
  for (const gap of gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from))) {
    const length = gap.to - gap.from;
    if (length < FOLD_LEAST || length <= left * FOLD_SHARE) break;
    folded.push(gap);
    left -= length;
  }
  return folded.toSorted((a, b) => a.from - b.from);
}

/** The least step of ticks at which their labels don't touch. */
export function stepFor(span: number, width: number, labelPx = LABEL_PX): number {
  const least = (span * labelPx) / Math.max(1, width);
  return STEPS.find((step) => step >= least) ?? STEPS.at(-1)! * Math.ceil(least / STEPS.at(-1)!);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function offsetLabel(ms: number, step: number): string {
  return step < 1000 ? `${(ms / 1000).toFixed(step < 100 ? 2 : 1)} s` : `${Math.round(ms / 1000)} s`;
}

function clockLabel(at: number, zone: string, step: number, newDay: boolean): string {
  const p = partsIn(zone, at);
  const date = `${p.day} ${MONTHS[p.month - 1]}`;
  const text = clock(at, zone).slice(0, step < 60_000 ? 8 : 5);
  return !newDay ? text : p.hour === 0 && p.minute === 0 && p.second === 0 ? date : `${date} ${text}`;
}

interface Ask {
  from: number;
  to: number;
  width: number;
  /** Of the labels. */
  zone: string;
  gaps?: readonly Interval[];
}

export function timeScale({ from, to, width, zone, gaps = [] }: Ask): TimeScale {
  const hidden = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const shown = Math.max(1, to - from - hidden);
  const perMs = Math.max(0, width - gaps.length * FOLD_PX) / shown;
  const pieces: (Interval & { x: number; fold: boolean })[] = [];
  let x = 0;
  const add = (a: number, b: number, fold: boolean) => {
    pieces.push({ from: a, to: b, x, fold });
    x += fold ? FOLD_PX : (b - a) * perMs;
  };
  let at = from;
  for (const gap of gaps) {
    if (gap.from > at) add(at, gap.from, false);
    add(gap.from, gap.to, true);
    at = gap.to;
  }
  if (at < to || !pieces.length) add(at, Math.max(at, to), false);
  const place = (when: number): number => {
    const piece = pieces.findLast((one) => when >= one.from) ?? pieces[0]!;
    const share = Math.max(0, Math.min(when, piece.to) - piece.from);
    return piece.x + (piece.fold ? (FOLD_PX * share) / Math.max(1, piece.to - piece.from) : share * perMs);
  };
  return {
    from, to, width, x: place,
    ticks: ticksOf(pieces, { from, to, shown, width, zone }, place),
    folds: pieces.filter((piece) => piece.fold).map((piece) => ({ from: piece.from, to: piece.to, x: piece.x })),
  };
}

function ticksOf(
  pieces: readonly (Interval & { x: number; fold: boolean })[],
  ask: { from: number; to: number; shown: number; width: number; zone: string }, place: (at: number) => number,
): Tick[] {
  const { zone } = ask;
  const day = (at: number) => Math.floor((at + offsetMinutes(zone, at) * 60_000) / 86_400_000);
  const days = day(ask.from) !== day(ask.to - 1);
  // A run of a few seconds is counted from its start: clocks with fractions are hard to read.
  const byOffset = ask.shown < 10_000 && !pieces.some((piece) => piece.fold);
  const step = Math.max(byOffset ? 0 : 1000, stepFor(ask.shown, ask.width, days ? LABEL_PX * 1.3 : LABEL_PX));
  const ticks: Tick[] = [];
  let lastDay: number | null = null;
  let free = -Infinity;
  for (const piece of pieces) {
    if (piece.fold) {
      const middle = piece.x + FOLD_PX / 2;
      while (ticks.length && ticks.at(-1)!.x > middle - LABEL_PX) ticks.pop();
      free = Math.max(free, middle + LABEL_PX);
      continue;
    }
    const shift = byOffset ? -ask.from : offsetMinutes(zone, piece.from) * 60_000;
    for (let at = Math.ceil((piece.from + shift) / step) * step - shift; at <= piece.to; at += step) {
      const x = place(at);
      if (x < free) continue;
      const newDay = days && day(at) !== lastDay;
      lastDay = day(at);
      ticks.push({ x, at, label: byOffset ? offsetLabel(at - ask.from, step) : clockLabel(at, zone, step, newDay) });
      free = x + LABEL_PX * (days ? 1.2 : 0.8);
    }
  }
  return ticks;
}

/**
 * What a chart of a run shows, from its start to its end; of one that goes on, to what is expected, or a little past now: in steps, so
 * that bars don't creep each second. `gaps`: what of it is folded.
 */
export function domainOf(start: number, end: number | null, expectedEnd: number | null, now: number, width: number, gaps: readonly Interval[] = []): Interval {
  if (end !== null) return { from: start, to: Math.max(end, start + 1) };
  const hidden = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const shown = Math.max(now - start, (expectedEnd ?? start) - start, hidden + 1000) - hidden;
  const step = stepFor(shown, width) / (expectedEnd === null ? 1 : 2);
  return { from: start, to: start + hidden + (Math.floor(shown / step) + 1) * step };
}
