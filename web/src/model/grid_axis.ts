import type { GridRun } from "./grid";
import { executionDate, instant, partsIn } from "./time";

// The grid's axis of runs: how high a duration is, and which columns have a date under them.

export interface Ticks {
  /** Seconds at the top. */
  top: number;
  ticks: { at: number; label: string }[];
}

const UNITS = [
  { seconds: 86_400, word: "d" }, { seconds: 3600, word: "h" }, { seconds: 60, word: "min" }, { seconds: 1, word: "s" },
] as const;
const MILLISECONDS = { seconds: 0.001, word: "ms" };
const ROUND = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** Zero, a half and the whole, in round numbers of one unit; the whole holds `longest` seconds. Zero alone where nothing has lasted. */
export function durationTicks(longest: number): Ticks {
  if (longest <= 0) return { top: 1, ticks: [{ at: 0, label: "0" }] };
  const unit = UNITS.find((each) => longest >= (each.seconds === 1 ? 1 : 1.5 * each.seconds)) ?? MILLISECONDS;
  const least = Math.max(longest / unit.seconds, 1e-3) / 2;
  const power = 10 ** Math.floor(Math.log10(least));
  const half = (ROUND.find((each) => each * power >= least * (1 - 1e-9)) ?? 10) * power;
  const label = (value: number) => `${Number(value.toPrecision(3))} ${unit.word}`;
  return {
    top: 2 * half * unit.seconds,
    ticks: [{ at: 0, label: "0" }, { at: half * unit.seconds, label: label(half) }, { at: 2 * half * unit.seconds, label: label(2 * half) }],
  };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = 86_400_000;

export interface AxisLabel {
  column: number;
  text: string;
}

interface Day {
  year: number;
  month: number;
  day: number;
  clock: string;
  monday: boolean;
}

function dayOf(run: GridRun, zone: string): Day {
  const p = partsIn(zone, instant(run.execution_date) ?? 0);
  const clock = executionDate(run.execution_date, zone).slice(11, 16);
  return { year: p.year, month: p.month, day: p.day, clock, monday: new Date(Date.UTC(p.year, p.month - 1, p.day)).getUTCDay() === 1 };
}

/** The usual distance of two runs. */
function usualStep(runs: readonly GridRun[], columns: readonly number[]): number {
  const times = columns.map((column) => instant(runs[column]!.execution_date) ?? 0);
  const steps = times.slice(1).map((time, index) => time - times[index]!).sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? DAY;
}

/**
 * Dates under columns, in the DAG's zone, at least `apart` columns from each other: Mondays of daily runs, days of hourly ones.
 * The month stands where it isn't that of the label before, the year where that one changes.
 */
export function dateLabels(runs: readonly GridRun[], columns: readonly number[], zone: string, apart: number): AxisLabel[] {
  const step = usualStep(runs, columns);
  const hourly = step < DAY * 0.8;
  const daily = !hourly && step < DAY * 2;
  const labels: AxisLabel[] = [];
  let last = -Infinity;
  let shown: Day | null = null;
  columns.forEach((column, index) => {
    if (index - last < apart) return;
    const day = dayOf(runs[column]!, zone);
    if (daily && !day.monday) return;
    const before = hourly && index > 0 ? dayOf(runs[columns[index - 1]!]!, zone) : null;
    const newDay = !before || before.day !== day.day || before.month !== day.month || before.year !== day.year;
    if (hourly && !newDay && index - last < 2 * apart) return;
    labels.push({ column: index, text: hourly && !newDay ? day.clock : dateText(day, shown) });
    last = index;
    shown = day;
  });
  return labels;
}

function dateText(day: Day, before: Day | null): string {
  if (before && before.year === day.year && before.month === day.month && before.day !== day.day) return String(day.day);
  const text = `${day.day} ${MONTHS[day.month - 1]}`;
  return before && before.year !== day.year ? `${text} ${day.year}` : text;
}

/** The label of the run that is chosen: always with its month, and its time where it isn't midnight. */
export function fullLabel(run: GridRun, zone: string): string {
  const day = dayOf(run, zone);
  return `${day.day} ${MONTHS[day.month - 1]}${day.clock ? ` ${day.clock}` : ""}`;
}
