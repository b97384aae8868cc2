import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";

import { api } from "@/api/client";
import { type Day, framesOf, sheetOf, weeksOf, yearsOf } from "@/model/backfill_calendar";
import type { BackfillWish } from "@/model/backfill_form";
import { type Action, ACTION_URGENCY, actionAbout, ACTIONS, actionWord, type PlanAnswer } from "@/model/backfill_plan";
import { count, duration, executionDate, shortInstant } from "@/model/time";
import { Segments } from "@/ui/controls";
import { ErrorNote, Loading } from "@/ui/notes";
import { Pager } from "@/ui/pager";
import { Card } from "@/ui/surface";
import { Tip } from "@/ui/tip";
import { useParam } from "@/ui/url";
import { useZone, zoneLabel } from "@/ui/zone";

import { Calendar, LegendEntry } from "./calendar";
import { ForecastView } from "./forecast";
import css from "./new.module.css";
import { ACTION_PAINT } from "./paints";
import { type Previewed, useYearDates } from "./use_plan";
import { YearPicker } from "./year_picker";

const hours = (value: number | null, unit: string) => (value === null ? "" : value >= 0.05 ? `, ${value.toFixed(1)} ${unit}-h` : value > 0 && unit === "CPU" ? `, ${Math.max(1, Math.round(value * 60))} CPU-min` : "");

function Ends({ estimate, runs, at }: { estimate: PlanAnswer["estimate"]; runs: number; at: number }) {
  const { zone } = useZone();
  const known = runs > 0 && estimate.seconds !== null;
  return (
    <div className={css.figure}>
      <dt>Ends about</dt>
      <dd className={css.big}>{known ? shortInstant(at + estimate.seconds! * 1000, zone, at) : "–"}</dd>
      <dd className={css.about}>
        {known
          ? <Tip text={`${zoneLabel(zone)}. Nine of ten times within ${duration(estimate.p90_seconds)}.`}><span>{duration(estimate.seconds)}{hours(estimate.cpu_h, "CPU")}{hours(estimate.gpu_h, "GPU")}</span></Tip>
          : runs ? "no past runs to tell from" : "nothing would run"}
      </dd>
    </div>
  );
}

/** Five numbers; the first four sum to the range. */
export function Figures({ shown, isOld, reprocess }: { shown: Previewed | undefined; isOld: boolean; reprocess: string }) {
  const totals = shown?.answer.totals;
  const out = totals ? totals.running + totals.blocked : 0;
  const left = [totals?.running && `${count(totals.running)} running`, totals?.blocked && `${count(totals.blocked)} of another backfill`].filter(Boolean).join(", ");
  const figures = [
    ["Create", totals?.create, actionAbout("create")],
    ["Re-run", totals?.rerun, reprocess === "failed" ? "runs that failed" : "runs there are"],
    ["Keep", totals?.skip, actionAbout("skip")],
    ["Leave out", totals && out, left || "none active or taken"],
  ] as const;
  return (
    <Card label="What would happen">
      <dl className={css.figures} data-old={isOld} aria-live="polite">
        {figures.map(([label, value, about]) => (
          <div key={label} className={css.figure}>
            <dt>{label}</dt>
            <dd className={css.big}>{value === undefined ? "–" : count(value)}</dd>
            <dd className={css.about}>{about}</dd>
          </div>
        ))}
        {shown ? <Ends estimate={shown.answer.estimate} runs={shown.plan.runs} at={shown.at} /> : <div className={css.figure}><dt>Ends about</dt><dd className={css.big}>–</dd><dd className={css.about}>&nbsp;</dd></div>}
      </dl>
    </Card>
  );
}

function says(day: Day<Action>): string {
  const parts = ACTIONS.filter((action) => day.counts[action]).map((action) => (day.total > 1 ? `${count(day.counts[action]!)} ${actionWord(action).toLowerCase()}` : actionWord(action).toLowerCase()));
  return `${day.name}: ${parts.join(", ")}${day.hours === 24 ? "" : `, a day of ${day.hours} hours`}`;
}

function PlanCalendar({ shown, zone, year }: { shown: Previewed; zone: string; year: number }) {
  const { plan, wish } = shown;
  const frames = framesOf(zone, year);
  const exact = useYearDates(wish.dag_id, plan, frames[0]!.from, frames.at(-1)!.to);
  const weeks = useMemo(() => weeksOf(sheetOf(zone, year, plan.stretches, ACTION_URGENCY, exact), true, 20), [zone, year, plan, exact]);
  return <div className={css.sheet}><Calendar weeks={weeks} label={`What would happen to each date of ${year}`} paint={(kind) => ACTION_PAINT[kind]} says={says} /></div>;
}

const MOST = 500;

function Stretches({ shown, zone }: { shown: Previewed; zone: string }) {
  const { stretches } = shown.plan;
  const date = (at: number) => executionDate(new Date(at).toISOString(), zone);
  return (
    <div className={css.table} tabIndex={0} role="region" aria-label="Stretches of dates">
      <table className="list">
        <thead><tr><th>Dates</th><th className="right">Number</th><th>What happens</th><th>Why</th></tr></thead>
        <tbody>
          {stretches.slice(0, MOST).map((stretch) => (
            <tr key={`${stretch.from}/${stretch.kind}`}>
              <td className="mono">{date(stretch.from)}{stretch.count > 1 ? ` to ${date(stretch.to)}` : ""}</td>
              <td className="right">{count(stretch.count)}</td>
              <td><LegendEntry paint={ACTION_PAINT[stretch.kind]}>{actionWord(stretch.kind)}</LegendEntry></td>
              <td className="mid">{stretch.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {stretches.length > MOST && <p className="dim small" style={{ padding: "8px 14px" }}>and {count(stretches.length - MOST)} more stretches</p>}
    </div>
  );
}

const PAGE = 100;

function DateRows({ wish, zone, total }: { wish: BackfillWish; zone: string; total: number }) {
  const [offsetText, setOffset] = useParam("offset", "0");
  const offset = Math.min(Math.max(0, Number(offsetText) || 0), Math.max(0, total - 1));
  const page = useQuery({
    queryKey: ["/api/v2/backfills/dry_run", "page", wish, offset],
    queryFn: ({ signal }) => api.ask("/api/v2/backfills/dry_run", { query: { limit: PAGE, offset }, body: wish as never, signal }),
    placeholderData: (before) => before,
  });
  if (page.error) return <ErrorNote error={page.error} onRetry={() => void page.refetch()} />;
  if (!page.data) return <Loading lines={8} />;
  return (
    <>
      <div className={css.table} tabIndex={0} role="region" aria-label="Dates one by one">
        <table className="list">
          <thead><tr><th>Execution date</th><th>What happens</th><th>Why</th><th>Taken by</th></tr></thead>
          <tbody>
            {page.data.backfills.map((date) => (
              <tr key={date.execution_date}>
                <td className="mono">{executionDate(date.execution_date, zone)}</td>
                <td><LegendEntry paint={ACTION_PAINT[date.action]}>{actionWord(date.action)}</LegendEntry></td>
                <td className="mid">{date.reason}</td>
                <td>{date.blocked_by?.backfill_id && <Link href={`/backfills/${date.blocked_by.backfill_id}`}>backfill {date.blocked_by.backfill_id}</Link>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {total > PAGE && (
        <div className="row dim small" style={{ padding: "2px 12px", justifyContent: "flex-end" }}>
          <Pager offset={offset} limit={PAGE} shown={page.data.backfills.length} total={total} onOffset={(next) => setOffset(String(next))} />
        </div>
      )}
    </>
  );
}

/** The dry run as a calendar of actions, as stretches, or date by date. */
export function Preview({ shown, zone, isOld }: { shown: Previewed; zone: string; isOld: boolean }) {
  const [view, setView] = useParam("view", "calendar");
  const years = useMemo(() => yearsOf(shown.plan.stretches, zone), [shown.plan, zone]);
  const [yearText, setYear] = useParam("year");
  const year = years.includes(Number(yearText)) ? Number(yearText) : (years.at(-1) ?? 1970);
  const totals = shown.answer.totals;
  const legend = ACTIONS.filter((action) => totals[action] > 0).map((action) => <LegendEntry key={action} paint={ACTION_PAINT[action]}>{actionWord(action)}</LegendEntry>);
  return (
    <Card
      title="Preview"
      about={<span className={`dim ellipsis ${css.about}`}>{isOld ? "looking again…" : "nothing has been created yet"}</span>}
      tools={
        <>
          {view === "calendar" && <span className={css.headLegend}>{legend}</span>}
          {view === "calendar" && <YearPicker years={years} year={year} onPick={(next) => setYear(String(next))} />}
          <Segments label="Show as" value={view} options={[{ value: "calendar", label: "Calendar" }, { value: "stretches", label: "Stretches" }, { value: "dates", label: "Dates" }]} onChange={(next) => setView(next)} />
        </>
      }
    >
      {view === "calendar"
        ? (
          <div className={css.preview}>
            <div className={css.legend}>{legend}</div>
            <PlanCalendar shown={shown} zone={zone} year={year} />
            <ForecastView estimate={shown.answer.estimate} runs={shown.plan.runs} at={shown.at} />
          </div>
        )
        : view === "stretches" ? <Stretches shown={shown} zone={zone} />
        : <DateRows wish={shown.wish} zone={zone} total={totals.total} />}
    </Card>
  );
}
