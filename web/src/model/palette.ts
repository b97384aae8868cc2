import { startOfDay } from "./time";

// What the palette makes of the text that is typed into it.

export interface Typed {
  /** The words beside the date and the verb: names. */
  words: string;
  /** A run's day or month: `2001-01-05`, `2001-01`. */
  date: { year: number; month: number; day: number | null; text: string } | null;
  /** `trigger flights`: names are offered to be triggered alone. */
  verb: "trigger" | "backfill" | null;
}

const DATE = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/;

export function parseTyped(text: string): Typed {
  const words = text.trim().split(/\s+/).filter(Boolean);
  let date: Typed["date"] = null;
  const rest = words.filter((word) => {
    const found = DATE.exec(word);
    if (!found || date) return true;
    const [year, month, day] = [Number(found[1]), Number(found[2]), found[3] ? Number(found[3]) : null];
    const real = new Date(Date.UTC(year, month - 1, day ?? 1));
    if (real.getUTCMonth() !== month - 1) return true;
    date = { year, month, day, text: word };
    return false;
  });
  const verb = rest[0]?.toLowerCase();
  const known = verb === "trigger" || verb === "backfill" ? verb : null;
  return { words: (known ? rest.slice(1) : rest).join(" "), date, verb: known };
}

/** The instants of a date in a DAG's zone, the end not included. */
export function datesOf(date: NonNullable<Typed["date"]>, zone: string): { from: string; to: string } {
  const { year, month, day } = date;
  const from = startOfDay(zone, year, month, day ?? 1);
  const to = day === null ? startOfDay(zone, year, month + 1, 1) : startOfDay(zone, year, month, day + 1);
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** A pattern of SQL's LIKE that the words fit in their order; the daemon looks anywhere in the name. */
export function likePattern(words: string): string {
  return words.replaceAll("%", "").split(/\s+/).filter(Boolean).join("%");
}

/** The letters in their order with anything between them: for what isn't there as it was typed. */
export function lettersPattern(words: string): string {
  return [...words.replaceAll(/[%\s]/g, "")].join("%");
}

export interface Place {
  path: string;
  label: string;
}
const KEPT = 8;

/** The place that was opened last comes first, each once. */
export function withRecent(places: readonly Place[], place: Place): Place[] {
  return [place, ...places.filter((each) => each.path !== place.path)].slice(0, KEPT);
}

/** What was kept, as far as it is places of this site. */
export function parseRecent(text: string | null): Place[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(found)) return [];
    return found
      .filter((each): each is Place => typeof each?.path === "string" && typeof each?.label === "string")
      .filter(({ path }) => /^\/(?!\/)/.test(path))
      .slice(0, KEPT);
  } catch {
    return [];
  }
}
