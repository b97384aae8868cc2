import { useQueries } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";

import { busyOf, domainOf, FOLD_PX, gapsOf, timeScale } from "@/model/time_scale";
import { type Folds, type Row, rowIndex, rowsOf } from "@/model/run_rows";
import { clock, duration, instant, shortInstant } from "@/model/time";
import { Button } from "@/ui/controls";
import { useKeys } from "@/ui/keys";
import { Empty } from "@/ui/notes";
import { useParam } from "@/ui/url";
import { scrollToRow, useWindow } from "@/ui/window";
import { useZone } from "@/ui/zone";

import { GanttRow, ROW } from "./gantt_row";
import css from "./gantt.module.css";
import { pagesOf, readItems } from "./live";
import { select } from "./selection";
import { longestWait, type RunView } from "./view";

const AXIS = 28;
const END = 14; // after the last instant, for labels

export function useCritical(): [boolean, () => void] {
  const [value, set] = useParam("critical", "1");
  return [value === "1", () => set(value === "1" ? "0" : null)];
}

export function GanttTools() {
  const [critical, toggle] = useCritical();
  return (
    <>
      <span className={css.legend} aria-hidden>
        <span><i data-kind="waiting" />waiting</span><span><i data-kind="queued" />queued</span>
        <span><i data-kind="running" />running</span><span><i data-kind="expected" />expected</span>
      </span>
      <Button small aria-pressed={critical} className={critical ? "" : css.off!} onClick={toggle}>Critical path</Button>
    </>
  );
}

/** What the chart's underlines are, and who waits longest. */
export function GanttFoot({ view: { instances, live, now, line } }: { view: RunView }) {
  const [critical] = useCritical();
  const wait = live ? longestWait(instances, now) : null;
  return (
    <>
      {critical && <span className="row gap6"><i className={css.way} aria-hidden />Critical path</span>}
      {wait && wait.ms > 5000 && (
        <span className="mid ellipsis">
          {wait.instance.key} has waited {duration(Math.round(wait.ms / 1000))}{line.get(wait.instance.key)?.why ? `: ${line.get(wait.instance.key)!.why}` : " for a place"};{" "}
          <button type="button" className={css.why} onClick={() => select(wait.instance.task, wait.instance.mapIndex, "why")}>see why</button>
        </span>
      )}
    </>
  );
}

function useRows(view: RunView): { rows: Row[]; turn: (row: Row) => void } {
  const [folds, setFolds] = useState<Folds>({});
  const { instances, graph, shown } = view;
  const [task, mapIndex] = [shown?.task, shown?.map ?? -1];
  const rows = useMemo(() => rowsOf(instances, graph, folds, task === undefined ? null : { task, mapIndex }), [instances, graph, folds, task, mapIndex]);
  return { rows, turn: (row) => row.kind !== "task" && setFolds({ ...folds, [row.key]: !row.open }) };
}

/** Task instances over time. Rows are the list; their bars are a picture of what the table says in words. */
export function Gantt({ view }: { view: RunView }) {
  const box = useRef<HTMLDivElement>(null);
  const { zone } = useZone();
  const { rows, turn } = useRows(view);
  const seen = useWindow(box, rows.length, ROW, AXIS);
  const [critical] = useCritical();
  const { run, instances, live, now, forecast, shown } = view;
  const names = Math.min(222, Math.max(120, Math.round(seen.width * 0.36)));
  const width = Math.max(0, seen.width - names - END);
  const busy = useMemo(() => busyOf(instances), [instances]);
  const start = instant(run.start_date ?? run.queued_at) ?? now;
  const end = live ? null : instant(run.end_date);
  const scale = useMemo(() => {
    const first = Math.min(start, ...instances.slice(0, 1).map((one) => one.segments[0]?.from ?? start));
    const gaps = gapsOf(busy, first, end ?? now);
    return timeScale({ ...domainOf(first, end, forecast.lastTo, now, width, gaps), width, zone, gaps });
  }, [start, end, forecast.lastTo, now, width, zone, busy, instances]);

  const selected = shown ? rowIndex(rows, shown.task, shown.map) : -1;
  // On a group's row, which is nothing that could be open: until another task is.
  const key = selected < 0 ? null : rows[selected]!.key;
  const [cursor, setCursor] = useState<{ on: string; from: string | null } | null>(null);
  const at = cursor?.from !== key || cursor === null ? selected : rows.findIndex((row) => row.key === cursor.on);
  useEffect(() => {
    scrollToRow(box.current, at, ROW, AXIS);
  }, [at]);
  const open = (row: Row) => {
    if (row.kind === "task") select(row.instance.task, row.instance.mapIndex);
    else if (row.kind === "mapped") select(row.id);
    else {
      setCursor({ on: row.key, from: key });
      turn(row);
    }
  };
  const step = (by: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (!row) return;
    if (row.kind === "group") setCursor({ on: row.key, from: key });
    else {
      setCursor(null);
      open(row);
    }
  };
  const enter = () => {
    const row = rows[at];
    if (row && row.kind !== "task") turn(row);
    else document.getElementById("task-panel")?.focus();
  };
  useKeys([
    { keys: "j", says: "Next task", act: () => step(1) },
    { keys: "k", says: "Previous task", act: () => step(-1) },
    { keys: "Enter", says: "Open", act: enter },
  ]);

  const visible = rows.slice(seen.first, seen.end);
  const pages = pagesOf(visible.flatMap((row) => (row.kind === "task" ? [row.instance] : [])));
  const items = useQueries({ queries: pages.map(({ task, mapIndex }) => readItems(view.dagId, view.runId, task, mapIndex)) });
  const itemOf = (row: Row): unknown => {
    if (row.kind !== "task" || row.instance.mapIndex < 0) return undefined;
    const page = pages.findIndex((one, index) => one.task === row.instance.task && items[index]?.data?.has(row.instance.mapIndex));
    return items[page]?.data?.get(row.instance.mapIndex);
  };
  if (!instances.length) return <Empty title="No task yet: the run waits for a place." />;
  const nowX = live ? names + scale.x(now) : null;
  // Behind the clock of now, which stands to the left of its line unless there is no room.
  const hidden = (x: number) => nowX !== null && Math.abs(names + x - nowX + (nowX < names + 40 ? -20 : 20)) < 48;
  return (
    <div ref={box} className={css.box} tabIndex={0} role="region" aria-label="Tasks over time">
      <div className={css.axis} aria-hidden>
        {scale.ticks.map((tick) => !hidden(tick.x) && <span key={tick.at} style={{ left: names + tick.x }}>{tick.label}</span>)}
        {scale.folds.map((fold) => !hidden(fold.x + FOLD_PX / 2) && (
          <span key={fold.from} className={css.foldLabel} style={{ left: names + fold.x + FOLD_PX / 2 }}>{duration((fold.to - fold.from) / 1000)}</span>
        ))}
        {nowX !== null && <b style={{ left: nowX }} data-first={nowX < names + 40}>{scale.to - scale.from < 120_000 ? clock(now, zone) : shortInstant(now, zone, now)}</b>}
      </div>
      <div className={css.rows} role="list" style={{ height: rows.length * ROW }}>
        {scale.ticks.map((tick) => <i key={tick.at} className={css.line} style={{ left: names + tick.x }} />)}
        {scale.folds.map((fold) => <i key={fold.from} className={css.fold} style={{ left: names + fold.x + 4 }} title={`${duration((fold.to - fold.from) / 1000)} in which nothing ran`} />)}
        {visible.map((row, index) => (
          <GanttRow
            key={row.key} row={row} index={seen.first + index} of={rows.length} names={names} scale={scale} now={now}
            item={itemOf(row)} selected={seen.first + index === at} forecast={forecast} critical={critical}
            onOpen={() => open(row)} onTurn={() => turn(row)}
          />
        ))}
        {nowX !== null && <i className={css.now} style={{ left: nowX }} />}
      </div>
    </div>
  );
}
