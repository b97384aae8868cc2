import { executionDate, instant, offsetMinutes, partsIn, startOfDay } from "./time";

// A run's address: its execution date where that reads well and names one run alone, else its id. Dates are those of the DAG's
// zone. A DAG has one run of an execution date at most (docs/dag-language.md), so a date that is one instant names one run.

/** A run as any answer of the API has it. */
export interface RunRef {
  dag_run_id?: string;
  run_id?: string;
  execution_date?: string | null;
}

/** Readable in the address bar: in a path, colons and pluses may stand as they are. */
function piece(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%2B", "+");
}

/** `2013-06-11` for a run of the zone's midnight; null for other runs, and on a day on which clocks strike midnight twice. */
export function dateName(executionDateText: string | null | undefined, zone: string): string | null {
  const at = instant(executionDateText);
  if (at === null) return null;
  const name = executionDate(executionDateText, zone);
  if (!/^\d{4}-\d\d-\d\d$/.test(name) || at % 1000 !== 0) return null;
  // The API tells microseconds, which Date drops: a run of a moment isn't a run of midnight.
  if (/\.\d*[1-9]/.test(executionDateText ?? "")) return null;
  const range = rangeOf(parseRunName(name), zone);
  return range?.exact.length === 1 && range.exact[0] === at ? name : null;
}

/**
 * The path of a run's page, for all links to runs. With the DAG's zone it may be the date (`/dags/etl/runs/2013-06-11`), without it
 * it is the run id. `query`: `{ task, map, try, tab, view }` of that page.
 */
export function runPath(
  dagId: string, run: RunRef | string, zone?: string | null, query: Record<string, string | number | null | undefined> = {},
): string {
  const id = typeof run === "string" ? run : (run.dag_run_id ?? run.run_id ?? "");
  const name = typeof run === "string" || !zone ? id : (dateName(run.execution_date, zone) ?? id);
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return `/dags/${piece(dagId)}/runs/${piece(name)}${text ? `?${text}` : ""}`;
}

export type RunName =
  | { kind: "id"; id: string }
  /** Of the DAG's zone; without a clock, the whole day. */
  | { kind: "date"; year: number; month: number; day: number; clock: { hour: number; minute: number; second: number | null } | null }
  | { kind: "instant"; at: number };

/** What the last piece of a run's path may be. */
export function parseRunName(name: string): RunName {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name);
  if (found) {
    const [year, month, day, hour, minute, second] = found.slice(1).map((text) => (text === undefined ? null : Number(text)));
    return {
      kind: "date", year: year!, month: month!, day: day!,
      clock: hour === null || hour === undefined ? null : { hour, minute: minute ?? 0, second: second ?? null },
    };
  }
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(name) ? instant(name) : null;
  return at === null ? { kind: "id", id: name } : { kind: "instant", at };
}

/** Every instant at which a clock in that zone shows this time: none, one, or two where clocks go back. */
function instantsAt(zone: string, wall: number): number[] {
  const offsets = new Set([offsetMinutes(zone, wall - 86_400_000), offsetMinutes(zone, wall + 86_400_000)]);
  return [...offsets].map((offset) => wall - offset * 60_000)
    .filter((at) => wall - offsetMinutes(zone, at) * 60_000 === at)
    .sort((a, b) => a - b);
}

export interface RunRange {
  /** The execution dates that the name may mean: from, and up to but without `to`. */
  from: number;
  to: number;
  /** Those that it means to the second: they go before others of the range. */
  exact: number[];
}

/** Where to look for the run of that name; null for an id. */
export function rangeOf(name: RunName, zone: string): RunRange | null {
  if (name.kind === "id") return null;
  if (name.kind === "instant") return { from: name.at, to: name.at + 1000, exact: [name.at] };
  const { year, month, day, clock } = name;
  const wall = Date.UTC(year, month - 1, day, clock?.hour ?? 0, clock?.minute ?? 0, clock?.second ?? 0);
  const exact = instantsAt(zone, wall);
  if (!clock) {
    const from = startOfDay(zone, year, month, day);
    return { from, to: startOfDay(zone, year, month, day + 1), exact: exact.length ? exact : [from] };
  }
  const length = clock.second === null ? 60_000 : 1000;
  const first = exact[0] ?? wall - offsetMinutes(zone, wall) * 60_000;
  return { from: first, to: (exact.at(-1) ?? first) + length, exact };
}

/** The run that the name means among those found in its range: the exact one, else the only one. */
export function pickRun<R extends RunRef>(runs: readonly R[], range: RunRange): R | null {
  const exact = runs.filter((run) => range.exact.includes(instant(run.execution_date) ?? NaN));
  if (exact.length === 1) return exact[0]!;
  return runs.length === 1 ? runs[0]! : null;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `9 Jun – 10 Jun`, `10 Jun 06:00 – 06:10`: a data interval in the DAG's zone; null where it has no length. */
export function intervalText(from: string | null | undefined, to: string | null | undefined, zone: string): string | null {
  const [start, end] = [instant(from), instant(to)];
  if (start === null || end === null || start === end) return null;
  const [a, b] = [partsIn(zone, start), partsIn(zone, end)];
  const clocks = [executionDate(from, zone).slice(11), executionDate(to, zone).slice(11)];
  const years = a.year !== b.year;
  const date = (p: typeof a) => `${p.day} ${MONTHS[p.month - 1]}${years ? ` ${p.year}` : ""}`;
  if (!clocks[0] && !clocks[1]) return `${date(a)} – ${date(b)}`;
  const [first, last] = clocks.map((clock) => clock || "00:00");
  return date(a) === date(b) ? `${date(a)} ${first} – ${last}` : `${date(a)} ${first} – ${date(b)} ${last}`;
}
