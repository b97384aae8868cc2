import { parseRunName, rangeOf, type RunRange } from "./run_address";

export type TypedDate = RunRange | { fault: string };

/**
 * An execution date as people type it: `2013-06-11`, `2013-06-11 05:30` of the DAG's zone, or an instant with its own offset.
 * A day means all of it, `from` up to but without `to`; `exact[0]` is its midnight.
 */
export function typedDate(text: string, zone: string): TypedDate {
  const trimmed = text.trim();
  const name = parseRunName(trimmed);
  const range = rangeOf(name, zone);
  if (!range) return { fault: "a date looks like 2013-06-11 or 2013-06-11 05:30" };
  if (name.kind === "date") {
    const { year, month, day, clock } = name;
    const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
    if (month < 1 || month > 12 || day < 1 || day > days) return { fault: `${trimmed.slice(0, 10)} isn't in the calendar` };
    if (clock && (clock.hour > 23 || clock.minute > 59 || (clock.second ?? 0) > 59)) return { fault: `${trimmed.slice(11)} isn't a time of day` };
    if (!range.exact.length) return { fault: `clocks in ${zone} leave out ${trimmed.slice(11)} on that day` };
  }
  return range;
}

/** As the API takes it: `2013-06-11T04:00:00Z`. */
export function apiTime(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

export interface TypedDates {
  /** In the order of time, each once. */
  at: number[];
  fault: string | null;
}

/** Several, with commas, blanks or lines between: `2013-06-11, 2013-06-13`. A time of day joins its date by a T. */
export function typedDates(text: string, zone: string): TypedDates {
  const words = text.replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d)/g, "$1T$2").split(/[\s,;]+/).filter(Boolean);
  const at = new Set<number>();
  for (const word of words) {
    const date = typedDate(word, zone);
    if ("fault" in date) return { at: [], fault: `${word}: ${date.fault}` };
    at.add(date.exact[0]!);
  }
  return { at: [...at].sort((a, b) => a - b), fault: null };
}
