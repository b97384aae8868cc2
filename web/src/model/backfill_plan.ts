import { areEven, type Dated, type Day, oddDays, type Stretch } from "./backfill_calendar";
import { count, executionDate, instant } from "./time";

// A dry run's answer as the wizard shows it: what happens to each date, and what is worth a look before it starts.

export const ACTIONS = ["create", "rerun", "skip", "running", "blocked"] as const;
export type Action = (typeof ACTIONS)[number];

const WORDS: Record<Action, { word: string; about: string }> = {
  create: { word: "Create", about: "dates with no run" },
  rerun: { word: "Re-run", about: "runs there are" },
  skip: { word: "Keep", about: "runs untouched" },
  running: { word: "Running now", about: "left alone" },
  blocked: { word: "Blocked", about: "of another backfill" },
};
export const actionWord = (action: Action): string => WORDS[action].word;
export const actionAbout = (action: Action): string => WORDS[action].about;

/** Those that need eyes first, for a day with several dates. */
export const ACTION_URGENCY: readonly Action[] = ["blocked", "running", "rerun", "create", "skip"];

interface SpanAnswer {
  from: string;
  to: string;
  count: number;
  action: Action;
  reason: string;
}

export interface PlanAnswer {
  backfills: { execution_date: string; action: Action; reason: string }[];
  total_entries: number;
  totals: Record<Action | "total", number>;
  spans: SpanAnswer[];
  cascade: { dag_id: string; totals: Record<Action | "total", number> }[];
  left_out: { dag_id: string; reason: string }[];
  estimate: {
    seconds: number | null;
    mean_run_seconds: number | null;
    p90_seconds: number | null;
    cpu_h: number | null;
    gpu_h: number | null;
    samples: number;
    max_active_runs: number;
    pool_series: { pool: string; slots: number; points: { at: string; used: number }[] }[];
  };
  revision: string;
}

export interface Plan {
  /** By date, whatever direction the backfill goes. */
  stretches: (Stretch<Action> & { reason: string })[];
  /** All dates one by one where the answer had them all; else null. */
  exact: Dated<Action>[] | null;
  /** Dates are evenly spaced, so that a stretch's can be counted without knowing each. */
  even: boolean;
  totals: Record<Action | "total", number>;
  /** How many runs it starts, without those downstream. */
  runs: number;
  first: number | null;
  last: number | null;
}

export function planOf(answer: PlanAnswer): Plan {
  const at = (text: string) => instant(text) ?? 0;
  const stretches = answer.spans
    .map((span) => ({ from: at(span.from), to: at(span.to), count: span.count, kind: span.action, reason: span.reason }))
    .sort((a, b) => a.from - b.from);
  const dates = answer.backfills.map((date) => ({ at: at(date.execution_date), kind: date.action })).sort((a, b) => a.at - b.at);
  return {
    stretches,
    exact: dates.length === answer.total_entries ? dates : null,
    even: areEven(dates),
    totals: answer.totals,
    runs: answer.totals.create + answer.totals.rerun,
    first: stretches[0]?.from ?? null,
    last: stretches.at(-1)?.to ?? null,
  };
}

/** Each date of `ticks` with what its stretch says; a tick between two stretches is none of the plan's dates. */
export function datedBy(ticks: readonly number[], stretches: readonly Stretch<Action>[]): Dated<Action>[] {
  const out: Dated<Action>[] = [];
  let index = 0;
  for (const at of ticks) {
    while (index < stretches.length && stretches[index]!.to < at) index += 1;
    const stretch = stretches[index];
    if (!stretch) break;
    if (stretch.from <= at) out.push({ at, kind: stretch.kind });
  }
  return out;
}

export type CautionIcon = "backfills" | "warning" | "clock" | "ban" | "pause" | "datasets" | "capacity" | "dags";

export interface Caution {
  icon: CautionIcon;
  tone: "plain" | "warn" | "bad";
  who: string;
  text: string;
  /** What becomes of it: "will run", "left out". */
  fate: string;
  /** Another backfill that it is about. */
  backfill?: number;
}

/** `2013-06-11`, `2013-06-11 and 2013-06-12`, `12 dates`. */
function datesText(stretches: readonly Stretch<Action>[], zone: string): string {
  const total = stretches.reduce((sum, each) => sum + each.count, 0);
  if (total > 2) return `${count(total)} dates`;
  const dates = stretches.flatMap(({ from, to, count: number }) => (number === 2 ? [from, to] : [from]));
  return dates.map((at) => executionDate(new Date(at).toISOString(), zone)).join(" and ");
}

/** `2013-01-01 to 2013-02-12`; empty for a single date, which is named already. */
function rangeText(stretches: readonly Stretch<Action>[], zone: string): string {
  const total = stretches.reduce((sum, each) => sum + each.count, 0);
  if (total <= 2) return "";
  const date = (at: number) => executionDate(new Date(at).toISOString(), zone);
  return ` From ${date(stretches[0]!.from)} to ${date(stretches.at(-1)!.to)}.`;
}

export interface MissingSource {
  dataset: string;
  /** Of the dates that would run, those without a partition of it, or with one of no rows. */
  missing: number;
  empty: number;
  first: number;
}

export interface CautionsOf {
  plan: Plan;
  answer: Pick<PlanAnswer, "left_out" | "cascade" | "estimate">;
  zone: string;
  now: number;
  isPaused: boolean;
  reprocess: "none" | "failed" | "completed";
  sources?: readonly MissingSource[];
}

function oddDayText(day: Day<Action>, zone: string): string {
  const place = zone.split("/").pop()!.replaceAll("_", " ");
  const what = day.hours < 24 ? `${place}'s clocks went forward` : `${place}'s clocks went back`;
  return `A ${day.hours}-hour day: ${what}.${day.total > 1 ? ` It has ${day.total} dates.` : " Hourly inputs have as many files."}`;
}

export function cautionsOf({ plan, answer, zone, now, isPaused, reprocess, sources = [] }: CautionsOf): Caution[] {
  const out: Caution[] = [];
  const of = (kind: Action) => plan.stretches.filter((each) => each.kind === kind);
  const blockedBy = of("blocked");
  for (const reason of new Set(blockedBy.map((each) => each.reason))) {
    const blocked = blockedBy.filter((each) => each.reason === reason);
    const id = /^backfill (\d+) has it$/.exec(reason)?.[1];
    out.push({
      icon: "backfills", tone: "bad", who: datesText(blocked, zone), fate: "left out",
      text: id ? `Backfill ${id} has ${blocked.length === 1 && blocked[0]!.count === 1 ? "it" : "them"} and is still going.${rangeText(blocked, zone)}` : `${reason}.${rangeText(blocked, zone)}`,
      ...(id ? { backfill: Number(id) } : {}),
    });
  }
  const running = of("running");
  if (running.length) {
    const one = plan.totals.running === 1;
    out.push({ icon: "clock", tone: "plain", who: datesText(running, zone), fate: "left out", text: `${one ? "Its run is active and keeps its" : "Their runs are active and keep their"} place.${rangeText(running, zone)}` });
  }
  const odd = oddDays(plan.stretches.filter((each) => each.kind === "create" || each.kind === "rerun"), zone, plan.even);
  for (const day of odd.slice(0, 4)) out.push({ icon: "warning", tone: "warn", who: day.name, text: oddDayText(day, zone), fate: "will run" });
  if (odd.length > 4) out.push({ icon: "warning", tone: "warn", who: `${odd.length - 4} more days`, text: "Also have 23 or 25 hours.", fate: "will run" });
  for (const { dataset, missing, empty, first } of sources) {
    const words = [missing && `has no partition for ${count(missing)} of these dates`, empty && `is empty for ${count(empty)} of them`].filter(Boolean).join(" and ");
    if (words) out.push({ icon: "datasets", tone: "warn", who: dataset, text: `Read by this DAG; it ${words}, first ${executionDate(new Date(first).toISOString(), zone)}.`, fate: "will run" });
  }
  const ahead = plan.stretches.filter((each) => (each.kind === "create" || each.kind === "rerun") && each.to > now);
  if (ahead.length) out.push({ icon: "warning", tone: "warn", who: "The future", text: `The last dates lie ahead of now, up to ${executionDate(new Date(ahead.at(-1)!.to).toISOString(), zone)}.`, fate: "will run" });
  if (reprocess === "completed" && plan.totals.rerun) {
    out.push({ icon: "warning", tone: "warn", who: `${count(plan.totals.rerun)} runs`, text: "Are there and run again, good ones too; their outputs get new versions.", fate: "will run" });
  }
  if (isPaused && plan.runs) out.push({ icon: "pause", tone: "plain", who: "The DAG", text: "Is paused. A backfill runs all the same.", fate: "will run" });
  for (const next of answer.cascade) {
    const runs = next.totals.create + next.totals.rerun;
    out.push({ icon: "dags", tone: "plain", who: next.dag_id, text: runs ? `Reads what this one makes: ${count(runs)} runs follow.` : "Reads what this one makes, but none of its dates is renewed.", fate: runs ? "will follow" : "stays" });
  }
  for (const left of answer.left_out) out.push({ icon: "ban", tone: "warn", who: left.dag_id, text: `Reads what this one makes, and isn't run: ${left.reason}.`, fate: "left out" });
  for (const { pool, slots, points } of answer.estimate.pool_series) {
    const most = Math.max(0, ...points.map((point) => point.used));
    if (slots > 0 && most >= slots && plan.runs > 1) out.push({ icon: "capacity", tone: "plain", who: `Pool ${pool}`, text: `All ${count(slots)} slots would be in use. Other work goes first by its weight, but has fewer slots to share.`, fate: "will share" });
  }
  return out;
}

/**
 * Which of the dates that would run lack what they read. `partitions`: of a dataset, each with its rows (null: unknown), all there
 * are. With dates known one by one, each is looked up; of stretches only the number can be told.
 */
export function missingSource(plan: Plan, dataset: string, partitions: readonly { at: number; rows: number | null }[]): MissingSource | null {
  const rows = new Map(partitions.map((each) => [each.at, each.rows]));
  const runs = (kind: Action) => kind === "create" || kind === "rerun";
  let [missing, empty, first] = [0, 0, Infinity];
  if (plan.exact) {
    for (const { at, kind } of plan.exact) {
      if (!runs(kind)) continue;
      const found = rows.get(at);
      if (found === undefined) missing += 1;
      else if (found === 0) empty += 1;
      else continue;
      first = Math.min(first, at);
    }
  } else {
    for (const { from, to, count: number, kind } of plan.stretches) {
      if (!runs(kind)) continue;
      const there = partitions.filter(({ at }) => at >= from && at <= to).length;
      if (there >= number) continue;
      missing += number - there;
      first = Math.min(first, from);
    }
  }
  return missing || empty ? { dataset, missing, empty, first } : null;
}
