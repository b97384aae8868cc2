import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo } from "react";

import { type Dated, type Day, sheetOf, weeksOf, yearsOf } from "@/model/backfill_calendar";
import { ITEM_STATES, ITEM_URGENCY, type ItemState, itemWord } from "@/model/backfill_states";
import type { GridModel } from "@/model/grid";
import { runPath } from "@/model/run_address";
import { count } from "@/model/time";
import { Segments } from "@/ui/controls";
import { ErrorNote, Loading } from "@/ui/notes";
import { Card } from "@/ui/surface";
import { setQuery, useGo, useParam } from "@/ui/url";

import { Calendar, LegendEntry } from "./calendar";
import type { Backfill, Matrix } from "./live";
import { TaskMatrix } from "./matrix";
import { Months } from "./months";
import css from "./one.module.css";
import { ITEM_PAINT } from "./paints";
import { ItemTable } from "./table";
import { YearPicker } from "./year_picker";

export interface Item {
  execution_date: string;
  state: ItemState;
  reason: string | null;
  dag_run_id: string | null;
  start_date: string | null;
  end_date: string | null;
}

interface Props {
  backfill: Backfill;
  zone: string;
  matrix: UseQueryResult<Matrix>;
  dates: readonly Dated<ItemState>[];
  /** The newest that were decided, for durations. */
  items: readonly Item[];
  grid: GridModel | undefined;
}

function says(day: Day<ItemState>): string {
  const parts = ITEM_STATES.filter((state) => day.counts[state]).map((state) => (day.total > 1 ? `${count(day.counts[state]!)} ${itemWord(state).toLowerCase()}` : itemWord(state).toLowerCase()));
  return `${day.name}: ${parts.join(", ")}${day.hours === 24 ? "" : `, a day of ${day.hours} hours`}`;
}

/** Its dates as a calendar, as a matrix by task, or as a table: the same dates three times. */
export function Partitions({ backfill, zone, matrix, dates, items, grid }: Props) {
  const [show, setShow] = useParam("show", "calendar");
  const [yearText] = useParam("year");
  const go = useGo();
  const span = useMemo(() => {
    const [first, last] = [dates[0]?.at, dates.at(-1)?.at];
    return first === undefined || last === undefined ? [] : yearsOf([{ from: first, to: last, count: dates.length, kind: "queued" }], zone);
  }, [dates, zone]);
  // The year in which something happens now; else the last.
  const busy = useMemo(() => dates.find((date) => date.kind === "running")?.at, [dates]);
  const fallback = busy === undefined ? span.at(-1) : yearsOf([{ from: busy, to: busy, count: 1, kind: "" }], zone)[0];
  const year = span.includes(Number(yearText)) ? Number(yearText) : (fallback ?? 1970);
  const weeks = useMemo(() => weeksOf(sheetOf(zone, year, [], ITEM_URGENCY, dates), true, 20), [zone, year, dates]);
  const open = (day: Day<ItemState>) => {
    if (day.first === null) return;
    // A day of several dates has several runs: the table of that day.
    if (day.total > 1) setQuery({ show: "table", day: day.name, state: null, offset: null }, "push");
    else if (day.kind !== "queued") go(runPath(backfill.dag_id, { execution_date: new Date(day.first).toISOString(), dag_run_id: new Date(day.first).toISOString().replace(".000Z", "Z") }, zone));
  };
  const legend = ITEM_STATES.filter((state) => backfill.counts[state] > 0).map((state) => <LegendEntry key={state} paint={ITEM_PAINT[state]}>{itemWord(state)}</LegendEntry>);
  return (
    <Card
      title="Dates" className={css.partitions}
      about={<Segments label="Show as" value={show} options={[{ value: "calendar", label: "Calendar" }, { value: "matrix", label: "Matrix by task" }, { value: "table", label: "Table" }]} onChange={(next) => setShow(next, "push")} />}
      tools={show === "calendar" && (
        <>
          <span className={css.headLegend}>{legend}</span>
          <YearPicker years={span} year={year} onPick={(next) => setQuery({ year: next })} />
        </>
      )}
    >
      {show === "table" ? <ItemTable backfill={backfill} zone={zone} dates={dates} />
        : matrix.error && !matrix.data ? <ErrorNote error={matrix.error} what="The dates can't be read" onRetry={() => void matrix.refetch()} />
        : !matrix.data ? <Loading lines={7} />
        : show === "matrix" ? <TaskMatrix backfill={backfill} zone={zone} grid={grid} dates={dates} />
        : (
          <>
            <div className={css.legend}>{legend}</div>
            <div className={css.sheet}><Calendar weeks={weeks} label={`The dates of ${year}`} paint={(kind) => ITEM_PAINT[kind]} says={says} onOpen={open} largest={31} /></div>
            <Months backfill={backfill} zone={zone} dates={dates} items={items} year={year} />
          </>
        )}
    </Card>
  );
}
