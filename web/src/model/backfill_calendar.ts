import { partsIn, startOfDay } from "./time";

// Execution dates as a calendar of the DAG's zone, one year at a time. Dates come as stretches that are alike, so that ten years
// of hours cost no more than ten years of days; a year is laid out in weeks.

/** Neighbouring execution dates of one kind: `count` of them, both ends included. */
export interface Stretch<K extends string> {
  from: number;
  to: number;
  count: number;
  kind: K;
  reason?: string;
}

/** One execution date, known to the second. */
export interface Dated<K extends string> {
  at: number;
  kind: K;
}

export interface DayFrame {
  /** `2013-03-10` */
  name: string;
  month: number;
  day: number;
  /** Monday 0 … Sunday 6. */
  weekday: number;
  from: number;
  to: number;
  /** 23 or 25 where clocks change. */
  hours: number;
}

export interface Day<K extends string> extends DayFrame {
  counts: Partial<Record<K, number>>;
  total: number;
  /** What most needs eyes among the kinds of that day; null: no execution date. */
  kind: K | null;
  /** Its first execution date. */
  first: number | null;
}

const two = (n: number) => String(n).padStart(2, "0");
const frames = new Map<string, DayFrame[]>();

/** The days of a year as the zone has them. Kept: midnights of a zone are dear to find. */
export function framesOf(zone: string, year: number): DayFrame[] {
  const key = `${zone} ${year}`;
  const known = frames.get(key);
  if (known) return known;
  const out: DayFrame[] = [];
  let from = startOfDay(zone, year, 1, 1);
  for (let wall = Date.UTC(year, 0, 1); wall < Date.UTC(year + 1, 0, 1); wall += 86_400_000) {
    const date = new Date(wall);
    const [month, day] = [date.getUTCMonth() + 1, date.getUTCDate()];
    const to = startOfDay(zone, year, month, day + 1);
    out.push({ name: `${year}-${two(month)}-${two(day)}`, month, day, weekday: (date.getUTCDay() + 6) % 7, from, to, hours: (to - from) / 3_600_000 });
    from = to;
  }
  if (frames.size > 60) frames.clear();
  frames.set(key, out);
  return out;
}

/** The years that have dates, in order. */
export function yearsOf(stretches: readonly Stretch<string>[], zone: string): number[] {
  const found = new Set<number>();
  for (const { from, to } of stretches) {
    for (let year = partsIn(zone, from).year; year <= partsIn(zone, to).year; year += 1) found.add(year);
  }
  return [...found].sort((a, b) => a - b);
}

/** How many of the stretch's dates lie in [from, to), evenly spaced as they are, and the first of them. */
function within({ from, to, count }: Stretch<string>, start: number, end: number): { count: number; first: number } {
  if (to < start || from >= end) return { count: 0, first: 0 };
  if (count === 1 || from === to) return { count, first: from };
  const step = (to - from) / (count - 1);
  const low = Math.max(0, Math.ceil((start - from) / step - 1e-6));
  const high = Math.min(count - 1, Math.ceil((end - from) / step - 1e-6) - 1);
  return { count: Math.max(0, high - low + 1), first: Math.round(from + low * step) };
}

/** A stretch with as many dates as days has one a day, whatever the clocks do in between. */
function isDaily(stretch: Stretch<string>): boolean {
  return stretch.count > 1 && Math.abs((stretch.to - stretch.from) / 86_400_000 - (stretch.count - 1)) < 0.1;
}

function add<K extends string>(day: Day<K>, kind: K, count: number, first: number): void {
  if (count <= 0) return;
  day.counts[kind] = (day.counts[kind] ?? 0) + count;
  day.total += count;
  day.first = day.first === null ? first : Math.min(day.first, first);
}

export interface Sheet<K extends string> {
  year: number;
  days: Day<K>[];
}

/**
 * A year's days with what happens on each. `exact`: dates known one by one, ascending; where they reach over the whole year they
 * are taken, else the stretches are spread evenly. `order`: kinds, those that need eyes first.
 */
export function sheetOf<K extends string>(
  zone: string, year: number, stretches: readonly Stretch<K>[], order: readonly K[], exact: readonly Dated<K>[] | null = null,
): Sheet<K> {
  const days: Day<K>[] = framesOf(zone, year).map((frame) => ({ ...frame, counts: {}, total: 0, kind: null, first: null }));
  const [start, end] = [days[0]!.from, days.at(-1)!.to];
  if (exact) {
    let at = 0;
    while (at < exact.length && exact[at]!.at < start) at += 1;
    for (const day of days) {
      for (; at < exact.length && exact[at]!.at < day.to; at += 1) add(day, exact[at]!.kind, 1, exact[at]!.at);
    }
  } else {
    const here = stretches.filter((stretch) => stretch.to >= start && stretch.from < end);
    for (const stretch of here) {
      const daily = isDaily(stretch);
      const clock = partsIn(zone, stretch.from);
      const since = ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1000;
      for (const day of days) {
        if (day.to <= stretch.from || day.from > stretch.to) continue;
        if (daily) {
          // At the clock's time of the first; on a day of a change it may be an hour off.
          add(day, stretch.kind, 1, Math.min(stretch.to, day.from + since));
        } else {
          const { count, first } = within(stretch, day.from, day.to);
          add(day, stretch.kind, count, first);
        }
      }
    }
  }
  for (const day of days) day.kind = order.find((kind) => (day.counts[kind] ?? 0) > 0) ?? null;
  return { year, days };
}

export interface Cell<K extends string> {
  day: Day<K>;
  week: number;
  weekday: number;
}

export interface Weeks<K extends string> {
  count: number;
  cells: Cell<K>[];
  /** Where a month begins: the week of its first day that is shown. */
  months: { month: number; week: number }[];
}

/**
 * Lays days out in weeks from Monday. `trim`: only the weeks from the first to the last day that has dates, since half a year in
 * large cells reads better than a year in small ones; at least `least` weeks.
 */
export function weeksOf<K extends string>({ days }: Sheet<K>, trim: boolean, least = 12): Weeks<K> {
  const offset = days[0]!.weekday;
  const weekOf = (index: number) => Math.floor((index + offset) / 7);
  let [first, last] = [0, weekOf(days.length - 1)];
  const used = days.map((day, index) => ({ day, index })).filter(({ day }) => day.total > 0);
  if (trim && used.length) {
    const [low, high] = [weekOf(used[0]!.index), weekOf(used.at(-1)!.index)];
    const lack = Math.max(0, least - (high - low + 1));
    const before = Math.min(low, Math.floor(lack / 2));
    const after = Math.min(last - high, lack - before);
    first = Math.max(0, low - Math.min(low, lack - after));
    last = high + after;
  }
  const cells: Cell<K>[] = [];
  const months: Weeks<K>["months"] = [];
  days.forEach((day, index) => {
    const week = weekOf(index) - first;
    if (week < 0 || week > last - first) return;
    cells.push({ day, week, weekday: day.weekday });
    if (months.at(-1)?.month === day.month) return;
    // A month that begins late in a week is named above the next one.
    months.push({ month: day.month, week: day.day > 1 || day.weekday <= 3 ? week : week + 1 });
  });
  return { count: last - first + 1, cells, months: months.filter((month, index) => (months[index + 1]?.week ?? 99) - month.week >= 2 && month.week <= last - first) };
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

export function monthName(month: number, short = false): string {
  const name = MONTHS[month - 1] ?? "";
  return short ? name.slice(0, 3) : name;
}

/**
 * Days that haven't 24 hours among those with dates, for "worth a look". `even`: stretches are evenly spaced; where they aren't, only
 * those with a date each day say for sure which days have one.
 */
export function oddDays<K extends string>(stretches: readonly Stretch<K>[], zone: string, even: boolean): Day<K>[] {
  const sure = stretches.filter((stretch) => even || stretch.count === 1 || isDaily(stretch));
  return yearsOf(sure, zone).flatMap((year) => sheetOf(zone, year, sure, []).days.filter((day) => day.hours !== 24 && day.total > 0));
}

/** Neighbours of one kind as one: what cells of a matrix make of their dates. */
export function stretchesOf<K extends string>(dates: readonly Dated<K>[]): Stretch<K>[] {
  const out: Stretch<K>[] = [];
  for (const { at, kind } of dates) {
    const last = out.at(-1);
    if (last?.kind === kind) {
      last.to = at;
      last.count += 1;
    } else {
      out.push({ from: at, to: at, count: 1, kind });
    }
  }
  return out;
}

/** Whether dates are evenly spaced to the second, so that stretches of them are too. */
export function areEven(dates: readonly { at: number }[]): boolean {
  if (dates.length < 3) return false;
  const step = dates[1]!.at - dates[0]!.at;
  return dates.every((date, index) => index === 0 || date.at - dates[index - 1]!.at === step);
}
