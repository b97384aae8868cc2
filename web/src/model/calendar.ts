// Days as a calendar shows them: weeks as columns, Monday first, in bands of whole months. A day here is a date of some zone,
// `2013-03-10`, never an instant: how long it lasts is the zone's matter (hoursOfDay).

import { executionDate, startOfDay } from "./time";

const DAY = 86_400_000;
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Days since 1970; NaN for what isn't a date. */
export function dayNumber(date: string): number {
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return NaN;
  const day = Date.parse(`${date}T00:00:00Z`) / DAY;
  // `2013-02-30` would be taken for the 2nd of March.
  return dateOf(day) === date ? day : NaN;
}

export function dateOf(day: number): string {
  return Number.isFinite(day) ? new Date(day * DAY).toISOString().slice(0, 10) : "";
}

/** 0 is Monday. */
export function weekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** `Sunday 10 March 2013`. */
export function dayInWords(date: string): string {
  const day = dayNumber(date);
  return `${WEEKDAYS[weekday(day)]} ${Number(date.slice(8))} ${MONTHS[Number(date.slice(5, 7)) - 1]} ${date.slice(0, 4)}`;
}

export function monthInWords(month: string, short = false): string {
  const name = MONTHS[Number(month.slice(5, 7)) - 1] ?? "";
  return short ? name.slice(0, 3) : name;
}

/** The months from one date to another, `2013-03`, both included. */
export function monthsOf(from: string, to: string): string[] {
  const out: string[] = [];
  let [year, month] = [Number(from.slice(0, 4)), Number(from.slice(5, 7))];
  for (let each = from.slice(0, 7); each <= to.slice(0, 7) && out.length < 12_000; ) {
    out.push(each);
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
    each = `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}`;
  }
  return out;
}

/** First and last date of a month. */
export function monthBounds(month: string): [string, string] {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5, 7))];
  return [`${month}-01`, dateOf(Date.UTC(year, number, 1) / DAY - 1)];
}

export interface BandDay {
  date: string;
  /** From 0: the week's column and the weekday's row. */
  column: number;
  row: number;
}
export interface Band {
  columns: number;
  days: BandDay[];
  months: { column: number; label: string }[];
}

function band(from: number, to: number): Band {
  const monday = from - weekday(from);
  const days: BandDay[] = [];
  const months: Band["months"] = [];
  for (let day = from; day <= to; day += 1) {
    const date = dateOf(day);
    const column = Math.floor((day - monday) / 7);
    const row = weekday(day);
    days.push({ date, column, row });
    if (day !== from && !date.endsWith("-01")) continue;
    // A month's name stands over its first whole week, where it doesn't run into the name before.
    const at = row > 3 && day !== from ? column + 1 : column;
    const month = date.slice(0, 7);
    const last = months.at(-1);
    if (last && at - last.column < 2) months.pop();
    months.push({ column: at, label: month.endsWith("-01") && months.length ? `${monthInWords(month, true)} ${date.slice(0, 4)}` : monthInWords(month, true) });
  }
  return { columns: Math.floor((to - monday) / 7) + 1, days, months };
}

/** The days from one date to another in as few bands of whole months as fit `columns` weeks; all bands have as many months. */
export function bandsOf(from: string, to: string, columns: number): Band[] {
  const [first, last] = [dayNumber(from), dayNumber(to)];
  if (!(first <= last)) return [];
  const months = monthsOf(from, to);
  for (let count = 1; ; count += 1) {
    const each = Math.ceil(months.length / count);
    const bands: Band[] = [];
    for (let at = 0; at < months.length; at += each) {
      const end = months[Math.min(at + each, months.length) - 1]!;
      bands.push(band(Math.max(first, dayNumber(`${months[at]}-01`)), Math.min(last, dayNumber(monthBounds(end)[1]))));
    }
    if (each === 1 || bands.every((one) => one.columns <= columns)) return bands;
  }
}

/** Where a key leads from a date, within bounds; null for other keys. Weeks are columns: down is the next day. */
export function movedBy(key: string, date: string, from: string, to: string): string | null {
  const [start, end] = monthBounds(date.slice(0, 7));
  const month = (step: number) => {
    const [year, number] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1 + step];
    const [first, last] = monthBounds(dateOf(Date.UTC(year, number, 1) / DAY).slice(0, 7));
    return Math.min(dayNumber(first) + Number(date.slice(8)) - 1, dayNumber(last));
  };
  const day = dayNumber(date);
  const steps: Record<string, () => number> = {
    ArrowDown: () => day + 1, ArrowUp: () => day - 1, ArrowRight: () => day + 7, ArrowLeft: () => day - 7,
    Home: () => dayNumber(start), End: () => dayNumber(end), PageDown: () => month(1), PageUp: () => month(-1),
  };
  const next = steps[key]?.();
  if (next === undefined) return null;
  return dateOf(Math.max(dayNumber(from), Math.min(dayNumber(to), next)));
}

/** The instants [from, to) that a date is in a zone, as the API takes them. */
export function instantsOf(zone: string, date: string): [string, string] {
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10))];
  return [new Date(startOfDay(zone, year, month, day)).toISOString(), new Date(startOfDay(zone, year, month, day + 1)).toISOString()];
}

/** The date of an instant in a zone. */
export function dateIn(zone: string, at: number): string {
  return executionDate(new Date(at).toISOString(), zone).slice(0, 10);
}

/** `2013` of the query, or the fallback when it isn't a year the API has. */
export function yearOf(text: string, fallback: number): number {
  const year = Number(text);
  return Number.isInteger(year) && year >= 1970 && year <= 2199 ? year : fallback;
}

/** Bounds of `levels` classes with about as many values in each: a value's class is how many bounds are below it. */
export function classBounds(values: number[], levels: number): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const bounds = Array.from({ length: levels - 1 }, (_, index) => sorted[Math.floor(((index + 1) * sorted.length) / levels)]);
  return [...new Set(bounds.filter((bound): bound is number => bound !== undefined && bound > sorted[0]!))];
}

export function classOf(value: number, bounds: number[]): number {
  let at = 0;
  while (at < bounds.length && value >= bounds[at]!) at += 1;
  return at;
}
