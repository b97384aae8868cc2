import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { reasonWords } from "@/model/attention";
import type { Dated } from "@/model/backfill_calendar";
import { ITEM_STATES, type ItemState, itemGlyph, itemWord } from "@/model/backfill_states";
import { runPath } from "@/model/run_address";
import { count, duration, executionDate, instant } from "@/model/time";
import { apiTime, typedDate } from "@/model/typed_date";
import { Button, Choice } from "@/ui/controls";
import { useKeys } from "@/ui/keys";
import { Empty, ErrorNote, Loading } from "@/ui/notes";
import { Pager } from "@/ui/pager";
import { StateWord } from "@/ui/surface";
import { setQuery, useGo, useParam } from "@/ui/url";
import { Instant } from "@/ui/zone";

import type { Backfill } from "./live";
import css from "./one.module.css";
import type { Item } from "./partitions";

const PAGE = 100;

interface Row {
  at: number;
  state: ItemState;
  item: Item | null;
}

/** Rows of one page. Dates that haven't started have no row in the API's list: they come from the matrix, and so does a single day. */
function useRows(backfill: Backfill, zone: string, dates: readonly Dated<ItemState>[], state: string, day: string, offset: number) {
  const fromMatrix = day !== "" || state === "queued";
  const matrixRows = useMemo(() => {
    if (!fromMatrix) return [];
    const span = day ? typedDate(day, zone) : null;
    return dates.filter(({ at, kind }) => (span && !("fault" in span) ? at >= span.from && at < span.to : kind === "queued"));
  }, [fromMatrix, day, zone, dates]);
  const query = useQuery({
    ...read("/api/v2/backfills/{backfill_id}/items", {
      path: { backfill_id: backfill.id },
      query: { limit: PAGE, offset, order_by: backfill.run_backwards ? "execution_date" : "-execution_date", ...(state ? { state: [state as ItemState] } : {}) },
    }),
    enabled: !fromMatrix,
    placeholderData: (before) => before,
  });
  const rows: Row[] = fromMatrix
    ? matrixRows.slice(offset, offset + PAGE).map(({ at, kind }) => ({ at, state: kind, item: null }))
    : (query.data?.items ?? []).map((item) => ({ at: instant(item.execution_date) ?? 0, state: item.state, item }));
  return { rows, total: fromMatrix ? matrixRows.length : (query.data?.total_entries ?? 0), query: fromMatrix ? null : query };
}

function seconds(item: Item | null): number | null {
  const [from, to] = [instant(item?.start_date), instant(item?.end_date)];
  return from === null || to === null ? null : (to - from) / 1000;
}

/** Dates one by one, newest decision first. `j`, `k` and Enter go through them. */
export function ItemTable({ backfill, zone, dates }: { backfill: Backfill; zone: string; dates: readonly Dated<ItemState>[] }) {
  const [state] = useParam("state");
  const [day] = useParam("day");
  const [offsetText] = useParam("offset", "0");
  const offset = Math.max(0, Number(offsetText) || 0);
  const { rows, total, query } = useRows(backfill, zone, dates, state, day, offset);
  const [chosen, setChosen] = useState(0);
  const go = useGo();
  const current = Math.min(chosen, rows.length - 1);
  const pathOf = (row: Row) => runPath(backfill.dag_id, { execution_date: apiTime(row.at), dag_run_id: row.item?.dag_run_id ?? apiTime(row.at) }, zone);
  const hasRun = (row: Row) => row.state !== "queued" && (row.item === null || row.item.dag_run_id !== null);
  const step = (by: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, current + by));
    setChosen(next);
    document.querySelector(`[data-date="${rows[next]?.at}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useKeys([
    { keys: "j", says: "Next date", act: () => step(1) },
    { keys: "k", says: "Date before", act: () => step(-1) },
    { keys: "Enter", says: "Open its run", act: () => {
      const row = rows[current];
      if (row && hasRun(row)) go(pathOf(row));
    } },
  ]);
  const states = ITEM_STATES.filter((each) => backfill.counts[each] > 0 || each === state);
  return (
    <>
      <div className={css.filters}>
        {day
          ? <Button small icon="close" onClick={() => setQuery({ day: null, offset: null })}>{day}</Button>
          : <Choice label="State" value={state} options={[{ value: "", label: "All that have started" }, ...states.map((each) => ({ value: each, label: `${itemWord(each)} (${count(backfill.counts[each])})` }))]} onChange={(next) => setQuery({ state: next, offset: null })} />}
        <span className="space" />
        <span className="dim small"><Pager offset={offset} limit={PAGE} shown={rows.length} total={total} onOffset={(next) => setQuery({ offset: next || null })} /></span>
      </div>
      <div className={css.scroll} tabIndex={0} role="region" aria-label="Dates">
        {query?.error && !query.data ? <ErrorNote error={query.error} onRetry={() => void query.refetch()} />
          : query && !query.data ? <Loading lines={8} />
          : rows.length === 0 ? <Empty title={state || day ? "No date is like that" : "No date has started"}>{(state || day) && <Button small onClick={() => setQuery({ state: null, day: null })}>Clear the filter</Button>}</Empty>
          : (
            <table className="list">
              <thead><tr><th>Execution date</th><th>State</th><th>Started</th><th className="right">Took</th><th>Why</th></tr></thead>
              <tbody>
                {rows.map((row, index) => (
                  <tr key={row.at} data-date={row.at} aria-current={index === current ? "true" : undefined} onClick={() => setChosen(index)}>
                    <td className="mono">{hasRun(row) ? <Link href={pathOf(row)}>{executionDate(new Date(row.at).toISOString(), zone)}</Link> : executionDate(new Date(row.at).toISOString(), zone)}</td>
                    <td><StateWord state={itemGlyph(row.state)} text={itemWord(row.state)} /></td>
                    <td className="mid">{row.item?.start_date ? <Instant at={row.item.start_date} /> : <span className="dim">–</span>}</td>
                    <td className="right mid">{duration(seconds(row.item))}</td>
                    <td className="mid">{reasonWords(row.item?.reason ?? null)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
      </div>
    </>
  );
}
