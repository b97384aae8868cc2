import { useMemo } from "react";

import { type Dated, monthName } from "@/model/backfill_calendar";
import { monthsOf } from "@/model/backfill_matrix";
import { ITEM_STATES, type ItemState, itemTone } from "@/model/backfill_states";
import { medianOf } from "@/model/backfill_throughput";
import { count, duration, instant, partsIn, startOfDay } from "@/model/time";
import { Bar } from "@/ui/surface";
import { Instant } from "@/ui/zone";

import type { Backfill } from "./live";
import css from "./one.module.css";
import type { Item } from "./partitions";
import { Spark } from "./spark";

interface Props {
  backfill: Backfill;
  zone: string;
  dates: readonly Dated<ItemState>[];
  items: readonly Item[];
  year: number;
}

/** Months in the order in which they are worked on, with how long their runs took as far as the newest dates tell. */
export function Months({ backfill, zone, dates, items, year }: Props) {
  const months = useMemo(() => monthsOf(dates, (at) => partsIn(zone, at), (y, m) => startOfDay(zone, y, m, 1)), [dates, zone]);
  const took = useMemo(() => items.flatMap(({ execution_date, start_date, end_date }) => {
    const [at, from, to] = [instant(execution_date), instant(start_date), instant(end_date)];
    return at !== null && from !== null && to !== null ? [{ at, seconds: (to - from) / 1000, end: to }] : [];
  }), [items]);
  const ordered = backfill.run_backwards ? [...months].reverse() : months;
  const left = backfill.counts.queued + backfill.counts.running;
  const perDate = backfill.progress?.seconds_left && left ? backfill.progress.seconds_left / left : null;
  const shown = ordered.filter((month) => month.year === year);
  const before = (index: number) => ordered.slice(0, index + 1).reduce((sum, month) => sum + month.total - month.done, 0);
  // What is asked for was read a while ago; a month's end moves with the next answer.
  const asked = instant(backfill.progress?.ends_at);
  const now = asked !== null && backfill.progress?.seconds_left ? asked - backfill.progress.seconds_left * 1000 : null;
  return (
    <div className={css.months}>
      {shown.map((month) => {
        const runs = took.filter((each) => each.at >= month.from && each.at <= month.to);
        const whole = runs.length >= month.done - (month.counts.skipped ?? 0) - (month.counts.cancelled ?? 0) && runs.length > 0;
        const index = ordered.indexOf(month);
        const ends = month.done === month.total ? null : perDate === null || now === null ? undefined : now + before(index) * perDate * 1000;
        return (
          <div key={`${month.year}-${month.month}`} className={css.month}>
            <div className="row"><span className="strong">{monthName(month.month)}</span><span className="space" /><span className="mid">{count(month.done)} / {count(month.total)}</span></div>
            <Bar
              label={`${monthName(month.month)}: ${month.done} of ${month.total} done`}
              parts={ITEM_STATES.map((state) => ({ value: month.counts[state] ?? 0, color: state === "queued" ? "transparent" : `var(--${itemTone(state)})` }))}
            />
            <span className="dim small">
              {ends === null ? (whole ? <>ended <Instant at={runs.reduce((a, b) => Math.max(a, b.end), 0)} /></> : "done")
                : ends === undefined || backfill.completed_at ? (month.done ? "under way" : "not started")
                : <>ends about <Instant at={ends} /></>}
            </span>
            {runs.length > 1 && whole
              ? <><Spark values={runs.map((run) => run.seconds)} /><span className="dim small">median {duration(medianOf(runs.map((run) => run.seconds)))}</span></>
              : <span className={css.noSpark} />}
          </div>
        );
      })}
    </div>
  );
}
