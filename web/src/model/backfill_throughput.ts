// How fast a backfill goes: runs that ended, by buckets of time, and what is to come at the present pace.

export interface Bucket {
  from: number;
  ended: number;
}

export interface Throughput {
  /** Seconds of a bucket. */
  step: number;
  past: Bucket[];
  /** At the pace of late, until it is done; empty when nobody knows. */
  ahead: Bucket[];
  /** What is ahead is so much longer than what was that only its beginning is shown. */
  isCut: boolean;
  highest: number;
}

const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 86_400, 7 * 86_400];

/** `10 min`, `1 h`: a bucket's length as people say it. */
export function stepText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${seconds / 60} min`;
  if (seconds < 86_400) return `${seconds / 3600} h`;
  return `${seconds / 86_400} d`;
}

/** `ends`: when its runs ended. `endsAt`: when it is expected to be done, with `left` runs to go; null: over, or unknown. */
export function throughputOf(ends: readonly number[], now: number, left: number, endsAt: number | null, most = 36): Throughput | null {
  if (!ends.length) return null;
  const begin = ends.reduce((a, b) => Math.min(a, b));
  const far = now + 2 * Math.max(60_000, now - begin);
  const isCut = endsAt !== null && endsAt > far;
  const newest = ends.reduce((a, b) => Math.max(a, b));
  const until = endsAt === null ? newest : Math.max(now, Math.min(endsAt, far));
  const step = STEPS.find((each) => (until - begin) / 1000 / each < most) ?? STEPS.at(-1)!;
  const width = step * 1000;
  const origin = Math.floor(begin / width) * width;
  // Clocks differ, and a page's is looked at from time to time: what ended after its now is part of what was.
  const last = endsAt === null ? newest : Math.max(now, newest);
  const past: Bucket[] = [];
  for (let from = origin; from <= last; from += width) past.push({ from, ended: 0 });
  for (const end of ends) {
    const bucket = past[Math.floor((end - origin) / width)];
    if (bucket) bucket.ended += 1;
  }
  const ahead: Bucket[] = [];
  if (endsAt !== null && endsAt > now && left > 0) {
    const pace = left / (endsAt - now);
    for (let from = past.at(-1)!.from + width; from < until; from += width) {
      ahead.push({ from, ended: pace * Math.min(width, endsAt - from) });
    }
  }
  return { step, past, ahead, isCut, highest: Math.max(1, ...past.map((bucket) => bucket.ended), ...ahead.map((bucket) => bucket.ended)) };
}

/** The middle of them; null of none. */
export function medianOf(values: readonly number[]): number | null {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Round numbers for an axis from 0 to at least `highest`: three or four of them. */
export function ticksOf(highest: number): number[] {
  const rough = Math.max(1, highest) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? rough);
  const out = [0];
  while (out.at(-1)! < highest) out.push(out.at(-1)! + step);
  return out;
}
