import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { dayInWords, monthInWords, yearOf } from "@/model/calendar";
import { count, duration, instant, partsIn } from "@/model/time";
import { IconButton, Segments } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { Empty, ErrorNote, Loading } from "@/ui/notes";
import { Bar, Card, CardBody, StateChip } from "@/ui/surface";
import { useToday } from "@/ui/today";
import { at, link, useParam } from "@/ui/url";
import { CalendarKey, YearCalendar } from "@/ui/year_calendar";

import css from "./calendar.module.css";
import { type CalendarYear, cellsOf, dayHref, HEATS, type Mode, MODES, monthsIn, stateLook } from "./calendar_cells";
import type { DagDetails, DagTab } from "./index";

const zoneOf = (dag: DagDetails) => dag.timezone ?? "UTC";

/** The year asked for, else that of the newest run: a history of 2013 opens on 2013. */
function useYear(dag: DagDetails): { year: number | null; shown: number; set: (year: number) => void } {
  const [asked, set] = useParam("year");
  const newest = useQuery({
    ...read("/api/v2/dags/{dag_id}/dagRuns", { path: { dag_id: dag.dag_id }, query: { limit: 1, order_by: "-execution_date" } }),
    enabled: !asked, staleTime: 60_000,
  });
  const now = Number(useToday(zoneOf(dag)).slice(0, 4));
  const last = instant(newest.data?.dag_runs[0]?.execution_date);
  const fallback = last === null ? now : partsIn(zoneOf(dag), last).year;
  const year = asked ? yearOf(asked, now) : newest.isPending ? null : fallback;
  return { year, shown: year ?? now, set: (next) => set(String(next), "push") };
}

const BY: Record<Mode, string> = { state: "By state", duration: "By duration", late: "By lateness" };

export default function CalendarTab({ dag }: DagTab) {
  const { year, shown, set } = useYear(dag);
  const [by, setBy] = useParam("by", "state");
  const mode = MODES.find((each) => each === by) ?? "state";
  const [view, setView] = useParam("view", "calendar");
  const asked = useQuery({
    ...read("/api/v2/ui/dags/{dag_id}/calendar", { path: { dag_id: dag.dag_id }, query: { year: year ?? 1970 } }),
    enabled: year !== null, placeholderData: keepPreviousData,
  });
  useTopic(`dag:${dag.dag_id}`, (events) => {
    if (events.some((event) => event.type === "run" || event.type === "reset")) renewSoon(2_000, "/api/v2/ui/dags/{dag_id}/calendar");
  });
  const data = asked.data?.year === year ? asked.data : undefined;
  return (
    <div className={css.panes} data-view={view}>
      <Card
        title={BY[mode]}
        about={<span className="row gap4">
          <IconButton icon="chevron_left" label={`Show ${shown - 1}`} disabled={shown <= 1970} onClick={() => set(shown - 1)} />
          <b className="strong" aria-live="polite">{shown}</b>
          <IconButton icon="chevron_right" label={`Show ${shown + 1}`} disabled={shown >= 2199} onClick={() => set(shown + 1)} />
        </span>}
        tools={<>
          <Segments label="Coloured by" value={mode} onChange={(next) => setBy(next)} options={[{ value: "state", label: "State" }, { value: "duration", label: "Duration" }, { value: "late", label: "Late" }]} />
          <Segments label="Shown as" value={view === "list" ? "list" : "calendar"} onChange={setView} options={[{ value: "calendar", label: "Calendar" }, { value: "list", label: "List" }]} />
        </>}
        foot={<Legend mode={view === "list" ? null : mode} year={data} dag={dag} />}
        className={css.main}
      >
        <CardBody label={`${shown}, ${BY[mode].toLowerCase()}`} className={view === "list" ? "" : css.pad}>
          {data ? <Year dag={dag} year={data} mode={mode} view={view} />
          : asked.error ? <ErrorNote error={asked.error} what="The calendar can't be read" onRetry={() => void asked.refetch()} />
          : <Loading lines={7} />}
        </CardBody>
      </Card>
      <Months dag={dag} year={data} />
    </div>
  );
}

function Year({ dag, year, mode, view }: { dag: DagDetails; year: CalendarYear; mode: Mode; view: string }) {
  const { cells } = useMemo(() => cellsOf(dag.dag_id, year.days, mode), [dag.dag_id, year.days, mode]);
  const today = useToday(year.timezone);
  const hours = useMemo(() => new Map(year.dst.map((day) => [day.date, day.hours])), [year.dst]);
  if (year.days.length === 0 && view === "list") {
    return <Empty title={`No runs in ${year.year}`} command={`millrace backfill create ${dag.dag_id} --dates ${year.year}-01-01..${year.year}-12-31`} />;
  }
  if (view === "list") return <Days dag={dag} year={year} hours={hours} />;
  return (
    <>
      <YearCalendar
        label={`Runs of ${dag.dag_id} in ${year.year}`} from={`${year.year}-01-01`} to={`${year.year}-12-31`}
        today={today} hours={hours} cell={(date) => cells.get(date) ?? null}
      />
      {year.truncated && <p className="warn small">Only the first 100,000 runs of the year are shown.</p>}
    </>
  );
}

function Legend({ mode, year, dag }: { mode: Mode | null; year: CalendarYear | undefined; dag: DagDetails }) {
  const bounds = useMemo(() => (year ? cellsOf(dag.dag_id, year.days, "duration").bounds : []), [year, dag.dag_id]);
  const states = ["success", "failed", "running", "queued"];
  return (
    <span className={css.legend}>
      {mode === "state" && states.map((state) => <CalendarKey key={state} cell={stateLook(state)}>{{ success: "Success", failed: "Failed", running: "Running", queued: "Queued" }[state]}</CalendarKey>)}
      {mode === "duration" && (bounds.length > 0
        ? [`up to ${duration(bounds[0])}`, ...bounds.map((bound) => `from ${duration(bound)}`)].map((text, index) => (
          <CalendarKey key={text} cell={{ look: "solid", tone: "ink", heat: HEATS[index]! }}>{text}</CalendarKey>
        ))
        : <span>The longest run of each day</span>)}
      {mode === "late" && (year && !year.has_deadline && !year.days.some((day) => day.late)
        ? <span>This DAG has no <code className="mono">deadline</code>: no run of it is late</span>
        : <><CalendarKey cell={{ look: "solid", tone: "up_for_retry", mark: "clock" }}>Missed its deadline</CalendarKey><CalendarKey cell={{ look: "pale", tone: "ink" }}>In time</CalendarKey></>)}
      <span className="space" />
      <span>Days in {dag.timezone}{year && year.dst.length > 0 && `, ${year.dst.map((day) => `${day.hours} h on ${Number(day.date.slice(8))} ${monthInWords(day.date, true)}`).join(", ")}`}</span>
    </span>
  );
}

const STATES = ["success", "running", "queued", "failed"] as const;

function Months({ dag, year }: { dag: DagDetails; year: CalendarYear | undefined }) {
  const months = useMemo(() => (year ? monthsIn(year.year, year.days) : []), [year]);
  const all = months.reduce((sum, month) => sum + month.runs, 0);
  return (
    <Card title="Months" label="Runs by month" about={year && <span className="dim nowrap">{all === 1 ? "1 run" : `${count(all)} runs`}</span>} className={css.months}>
      <CardBody label="Months of the year">
        <table className="list">
          <thead><tr><th>Month</th><th>Days by state</th><th className="right">Runs</th><th className="right">Longest</th></tr></thead>
          <tbody>
            {months.map((month) => (
              <tr key={month.month}>
                <td>{month.runs
                  ? <Link href={link(at("dags", dag.dag_id, "runs"), { from: `${month.month}-01`, to: lastDay(month.month) })}>{monthInWords(month.month)}</Link>
                  : <span className="dim">{monthInWords(month.month)}</span>}</td>
                <td className={css.bar}>
                  {month.runs > 0 && <Bar
                    width="100%" label={STATES.filter((state) => month.states[state]).map((state) => `${month.states[state]} ${state}`).join(", ")}
                    parts={[...STATES.map((state) => ({ value: month.states[state] ?? 0, color: `var(--${state})` })), { value: daysIn(month.month) - month.days, color: "transparent" }]}
                  />}
                </td>
                <td className="right mid">{month.runs ? count(month.runs) : <span className="dim">–</span>}</td>
                <td className="right mid">{duration(month.longest)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </CardBody>
      {year && <div className={css.sum}>{STATES.map((state) => {
        const days = year.days.filter((day) => day.state === state).length;
        return days > 0 && <span key={state} className="row gap6"><Glyph state={state} size={13} /><b className="strong">{days}</b></span>;
      })}<span className="space" /><span className="dim">{year.days.length === 1 ? "day with runs" : "days with runs"}</span></div>}
    </Card>
  );
}

function daysIn(month: string): number {
  return new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 0)).getUTCDate();
}

function lastDay(month: string): string {
  return `${month}-${daysIn(month)}`;
}

/** The same as words: each day that has runs. */
function Days({ dag, year, hours }: { dag: DagDetails; year: CalendarYear; hours: Map<string, number> }) {
  return (
    <table className="list">
      <caption className="hidden">Days of {year.year} that have runs</caption>
      <thead><tr><th>Date</th><th>Weekday</th><th>State</th><th className="right">Runs</th><th className="right">Longest</th><th className="right">Late</th><th>Day</th></tr></thead>
      <tbody>
        {year.days.map((day) => (
          <tr key={day.date}>
            <td><Link href={dayHref(dag.dag_id, day)} className="mono">{day.date}</Link></td>
            <td className="mid">{dayInWords(day.date).split(" ")[0]}</td>
            <td><StateChip state={day.state} /></td>
            <td className="right">{day.runs}</td>
            <td className="right">{duration(day.longest_s)}</td>
            <td className="right">{day.late || <span className="dim">–</span>}</td>
            <td className="mid">{hours.has(day.date) ? `${hours.get(day.date)} h, clocks change` : ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
