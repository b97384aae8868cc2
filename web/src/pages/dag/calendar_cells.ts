import type { Answer } from "@/api/client";
import { classBounds, classOf } from "@/model/calendar";
import { toState, toneOf, wordOf } from "@/model/states";
import { runPath } from "@/model/run_address";
import { duration } from "@/model/time";
import type { CalendarCell, CalendarMark, Heat } from "@/ui/year_calendar";
import { at, link } from "@/ui/url";

export type CalendarYear = Answer<"/api/v2/ui/dags/{dag_id}/calendar">;
export type CalendarDay = CalendarYear["days"][number];
export const MODES = ["state", "duration", "late"] as const;
export type Mode = (typeof MODES)[number];

/** The classes of durations. */
export const HEATS: readonly Heat[] = [0, 1, 2, 3, 4];
const STATE_MARKS: Partial<Record<string, CalendarMark>> = { failed: "cross", running: "ring", queued: "dots" };

/** The day's one run, or the list of its runs. */
export function dayHref(dagId: string, day: CalendarDay): string {
  return day.runs === 1 ? runPath(dagId, day.date) : link(at("dags", dagId, "runs"), { from: day.date, to: day.date });
}

export function stateLook(state: string): Pick<CalendarCell, "look" | "tone" | "mark"> {
  const tone = toneOf(toState(state));
  const mark = STATE_MARKS[state];
  return { look: state === "queued" ? "dashed" : state === "running" ? "tint" : "solid", tone, ...(mark ? { mark } : {}) };
}

function runs(day: CalendarDay): string {
  return day.runs === 1 ? "1 run" : `${day.runs} runs`;
}

/** How each day of the year is drawn, and the bounds between the classes of durations. */
export function cellsOf(dagId: string, days: CalendarDay[], mode: Mode): { cells: Map<string, CalendarCell>; bounds: number[] } {
  const bounds = classBounds(days.flatMap((day) => day.longest_s ?? []), HEATS.length);
  const cells = new Map<string, CalendarCell>();
  for (const day of days) {
    const href = dayHref(dagId, day);
    const word = wordOf(toState(day.state)).toLowerCase();
    const longest = day.longest_s === null ? "" : day.runs === 1 ? `, took ${duration(day.longest_s)}` : `, the longest took ${duration(day.longest_s)}`;
    const late = day.late ? `, ${day.runs === 1 ? "late" : `${day.late} late`}` : "";
    const says = `${word}, ${runs(day)}${longest}${late}`;
    const shared = { says, href };
    if (mode === "state") cells.set(day.date, { ...shared, ...stateLook(day.state), notable: day.state !== "success" });
    else if (mode === "late") {
      cells.set(day.date, day.late ? { ...shared, look: "solid", tone: "up_for_retry", mark: "clock", notable: true } : { ...shared, look: "pale", tone: "ink" });
    } else if (day.longest_s === null) cells.set(day.date, { ...shared, look: "outline", tone: "ink" });
    else {
      const heat = HEATS[classOf(day.longest_s, bounds)]!;
      cells.set(day.date, { ...shared, look: "solid", tone: "ink", heat, notable: heat === 4 });
    }
  }
  return { cells, bounds };
}

export interface Month {
  month: string;
  days: number;
  runs: number;
  late: number;
  /** Days by the state that needs eyes first. */
  states: Record<string, number>;
  longest: number | null;
}

/** What each month of the year has, January first; months without runs as well. */
export function monthsIn(year: number, days: CalendarDay[]): Month[] {
  const months = Array.from({ length: 12 }, (_, index): Month => ({
    month: `${year}-${String(index + 1).padStart(2, "0")}`, days: 0, runs: 0, late: 0, states: {}, longest: null,
  }));
  for (const day of days) {
    const month = months[Number(day.date.slice(5, 7)) - 1];
    if (!month) continue;
    month.days += 1;
    month.runs += day.runs;
    month.late += day.late;
    month.states[day.state] = (month.states[day.state] ?? 0) + 1;
    if (day.longest_s !== null) month.longest = Math.max(month.longest ?? 0, day.longest_s);
  }
  return months;
}
