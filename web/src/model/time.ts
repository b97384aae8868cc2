// Two kinds of time (web-ui.md 2.6). An execution date belongs to its DAG's zone and is never converted; an instant is shown in
// the zone that the reader chose, and says which. Intl does the calendar; no date library.

export const DISPLAY_ZONES = ["UTC", "browser", "dag"] as const;
export type ZoneChoice = (typeof DISPLAY_ZONES)[number];

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit",
      minute: "2-digit", second: "2-digit",
    });
    formats.set(zone, format);
  }
  return format;
}

export function partsIn(zone: string, at: number): Parts {
  const found: Record<string, number> = {};
  for (const part of formatIn(zone).formatToParts(at)) found[part.type] = Number(part.value);
  return {
    year: found.year ?? 0, month: found.month ?? 0, day: found.day ?? 0, hour: found.hour ?? 0,
    minute: found.minute ?? 0, second: found.second ?? 0,
  };
}

const two = (n: number) => String(n).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Milliseconds since 1970; null for null, undefined and what isn't a time. */
export function instant(text: string | null | undefined): number | null {
  const at = text ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : at;
}

/** `2013-06-11`, or `2013-06-11 05:30` when it isn't the zone's midnight. In a DAG's own zone. */
export function executionDate(text: string | null | undefined, zone: string): string {
  const at = instant(text);
  if (at === null) return "none";
  const p = partsIn(zone, at);
  const date = `${p.year}-${two(p.month)}-${two(p.day)}`;
  if (p.hour === 0 && p.minute === 0 && p.second === 0) return date;
  return `${date} ${two(p.hour)}:${two(p.minute)}${p.second ? `:${two(p.second)}` : ""}`;
}

/** Minutes that `zone` is ahead of UTC at that instant. */
export function offsetMinutes(zone: string, at: number): number {
  const p = partsIn(zone, at);
  return Math.round((Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(at / 1000) * 1000) / 60_000);
}

/** `UTC`, `+05:30`, `-04`. */
export function offsetText(zone: string, at: number): string {
  const minutes = offsetMinutes(zone, at);
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}${size % 60 ? `:${two(size % 60)}` : ""}`;
}

/** `09:41` today, `Tue 09:41` within a week, else `11 Jun 09:41`, with the year when it is another one. */
export function shortInstant(at: number, zone: string, now: number): string {
  const p = partsIn(zone, at);
  const n = partsIn(zone, now);
  const clock = `${two(p.hour)}:${two(p.minute)}`;
  if (p.year === n.year && p.month === n.month && p.day === n.day) return clock;
  const date = `${p.day} ${MONTHS[p.month - 1]}`;
  return p.year === n.year ? `${date} ${clock}` : `${date} ${p.year}`;
}

/** `2013-06-11 09:41:12 UTC`: all of it, with the zone's offset. */
export function fullInstant(at: number, zone: string): string {
  const p = partsIn(zone, at);
  return `${p.year}-${two(p.month)}-${two(p.day)} ${two(p.hour)}:${two(p.minute)}:${two(p.second)} ${offsetText(zone, at)}`;
}

/** `09:41:12`. */
export function clock(at: number, zone: string): string {
  const p = partsIn(zone, at);
  return `${two(p.hour)}:${two(p.minute)}:${two(p.second)}`;
}

/** Seconds as `0.4 s`, `38 s`, `2m 41s`, `14m`, `2h 10m`, `4 d 22 h`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m ${two(whole % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `in 38 s`, `12 min ago`, `now`. */
export function relative(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 1) return "now";
  const days = Math.floor(size / 86_400);
  const text =
    size < 60 ? `${size} s`
    : size < 3600 ? `${Math.floor(size / 60)} min`
    : size < 86_400 ? `${Math.floor(size / 3600)} h ${Math.floor((size % 3600) / 60)} m`
    : days < 60 ? `${days} d`
    : days < 730 ? `${Math.round(days / 30.44)} months`
    : `${Math.floor(days / 365.25)} years`;
  return seconds > 0 ? `in ${text}` : `${text} ago`;
}

/** `1.4 GiB`. */
export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit += 1;
  }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}

const numbers = new Intl.NumberFormat("en-GB");

/** `1,234`. */
export function count(n: number): string {
  return numbers.format(n);
}

/** Hours of the calendar day `y-m-d` (month from 1) in the zone: 23 and 25 where the clocks change. */
export function hoursOfDay(zone: string, year: number, month: number, day: number): number {
  return (startOfDay(zone, year, month, day + 1) - startOfDay(zone, year, month, day)) / 3_600_000;
}

/** The instant at which that calendar day begins in the zone. */
export function startOfDay(zone: string, year: number, month: number, day: number): number {
  const wall = Date.UTC(year, month - 1, day);
  // The offset is that of the instant looked for: two guesses, from either side of a change; the earlier that fits.
  for (const guess of [offsetMinutes(zone, wall - 86_400_000), offsetMinutes(zone, wall + 86_400_000)]) {
    const at = wall - guess * 60_000;
    if (offsetMinutes(zone, at) === guess) return at;
  }
  // Midnight doesn't exist that day (clocks went forward at it): the day begins when they have.
  return wall - offsetMinutes(zone, wall - 86_400_000) * 60_000;
}
