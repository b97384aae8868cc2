import { executionDate, instant, partsIn } from "./time";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n: number) => String(n).padStart(2, "0");

interface Ranged {
  from_date: string | null;
  to_date: string | null;
  dates: readonly string[];
}

/**
 * `1 Jan to 31 May 2013`, `31 Dec 2012 to 2 Jan 2013`, `11 Jun 2013`, `3 dates from …`: in the DAG's zone. Times of day only where they
 * say something: a range from the first to the last second of its days is a range of days.
 */
export function rangeWords({ from_date, to_date, dates }: Ranged, zone: string): string {
  const listed = dates.map((text) => instant(text) ?? 0).sort((a, b) => a - b);
  const from = listed[0] ?? instant(from_date);
  const to = listed.at(-1) ?? instant(to_date);
  if (from === null || to === null) return "no dates";
  const [a, b] = [partsIn(zone, from), partsIn(zone, to)];
  const midnight = (p: typeof a) => p.hour === 0 && p.minute === 0 && p.second === 0;
  const lastSecond = b.hour === 23 && b.minute === 59 && b.second === 59;
  const wholeDays = midnight(a) && (midnight(b) || (lastSecond && !listed.length));
  const day = (p: typeof a, year: boolean) => `${p.day} ${MONTHS[p.month - 1]}${year ? ` ${p.year}` : ""}${wholeDays ? "" : ` ${two(p.hour)}:${two(p.minute)}`}`;
  const sameDay = a.year === b.year && a.month === b.month && a.day === b.day;
  const number = listed.length > 1 ? `${listed.length} dates from ` : "";
  if (sameDay && (wholeDays || from === to)) return `${number}${day(a, true)}`;
  return `${number}${day(a, a.year !== b.year || !wholeDays)} to ${day(b, true)}`;
}

/** A line of a 409, "2013-06-05T04:00:00Z: was create, is skip (…)", with its date as the DAG's zone has it. */
export function movedWords(text: string, zone: string): string {
  const found = /^(\d{4}-\d\d-\d\dT[\d:.]+Z): (.*)$/s.exec(text);
  return found ? `${executionDate(found[1], zone)} ${found[2]}` : text;
}
