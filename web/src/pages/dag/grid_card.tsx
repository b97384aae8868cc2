import { useMemo, useRef, useState } from "react";

import { ABSENT, type GridModel, MAPPED, NOTED, RETRIED, STATE_BITS } from "@/model/grid";
import { columnsOf, type GridRow, rowKey, rowsOf } from "@/model/grid_rows";
import { runPath } from "@/model/run_address";
import { type State, STATES, wordOf } from "@/model/states";
import { count } from "@/model/time";
import { Button, Field, IconButton, Segments } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { useKeys } from "@/ui/keys";
import { Menu, type MenuEntry } from "@/ui/menu";
import { Empty } from "@/ui/notes";
import { Card } from "@/ui/surface";
import { setQuery, useGo, useParam } from "@/ui/url";

import css from "./grid.module.css";
import type { Chosen } from "./grid_choice";
import type { OutputRows } from "./grid_outputs";
import { GridOutputs, OUTPUT_HEIGHT } from "./grid_outputs";
import { GridTable } from "./grid_table";
import { GridView } from "./grid_view";
import type { Spot } from "./grid_window";

const RUN_TYPES = { scheduled: "Scheduled", manual: "Manual", backfill: "Backfill", dataset_triggered: "By datasets" } as const;
const RUN_STATES = ["running", "queued", "failed", "success"] as const;
export const RUN_COUNTS = ["14", "36", "90", "365"] as const;

/** A menu of things of which several may be on; none means all. */
function Several({ name, all, options, value, onChange }: { name: string; all: string; options: Record<string, string>; value: readonly string[]; onChange: (value: string[]) => void }) {
  const entries: MenuEntry[] = [
    { label: all, checked: !value.length, act: () => onChange([]) },
    { kind: "line" },
    ...Object.entries(options).map(([key, label]): MenuEntry => ({
      label, checked: value.includes(key), act: () => onChange(value.includes(key) ? value.filter((each) => each !== key) : [...value, key]),
    })),
  ];
  const text = !value.length ? all : value.length === 1 ? (options[value[0]!] ?? value[0]) : `${value.length} ${name}`;
  return <Menu entries={entries}><button type="button" className={css.pick} data-on={value.length > 0} aria-label={`${name}: ${text}`}>{text}</button></Menu>;
}

/** Groups that are closed, of this DAG in this browser. */
function useClosed(dagId: string): [ReadonlySet<string>, (group: string) => void] {
  const key = `millrace.closed.${dagId}`;
  const [closed, setClosed] = useState<ReadonlySet<string>>(() => {
    try {
      return new Set(JSON.parse(localStorage.getItem(key) ?? "[]") as string[]);
    } catch {
      return new Set();
    }
  });
  const fold = (group: string) => {
    const next = new Set(closed);
    if (!next.delete(group)) next.add(group);
    setClosed(next);
    try {
      localStorage.setItem(key, JSON.stringify([...next]));
    } catch {
      // Kept for this page alone.
    }
  };
  return [closed, fold];
}

export interface GridFilter {
  filter: string;
  states: string[];
  types: string[];
}

export function useGridFilter(): GridFilter {
  const [filter] = useParam("q");
  const [states] = useParam("state");
  const [types] = useParam("type");
  return useMemo(() => ({ filter, states: states ? states.split(",") : [], types: types ? types.split(",") : [] }), [filter, states, types]);
}

export function useColumns(model: GridModel | undefined, { states, types }: GridFilter): number[] {
  return useMemo(() => (model ? columnsOf(model.runs, { states, types }) : []), [model?.runs, states, types]);
}

/** What the shown cells have, for the legend: what doesn't occur needn't be explained. */
function legendOf(model: GridModel, columns: readonly number[]): { states: State[]; marks: number } {
  const seen = new Uint32Array(16);
  let marks = 0;
  const height = model.tasks.length;
  for (const column of columns) {
    for (let at = column * height; at < (column + 1) * height; at += 1) {
      const cell = model.cells[at]!;
      if (cell & ABSENT) marks |= ABSENT;
      else {
        seen[cell & STATE_BITS]! += 1;
        marks |= cell & ~STATE_BITS;
      }
    }
  }
  const order: State[] = ["success", "running", "up_for_retry", "failed", "upstream_failed", "skipped", "queued", "scheduled", "deferred", "up_for_reschedule", "restarting", "removed"];
  return { states: order.filter((state) => seen[STATES.indexOf(state)]), marks };
}

function Legend({ model, columns }: { model: GridModel; columns: readonly number[] }) {
  const { states, marks } = useMemo(() => legendOf(model, columns), [model.cells, columns]);
  return (
    <ul className={css.legend} aria-label="What the cells mean">
      {states.map((state) => <li key={state}><Glyph state={state} size={11} label="" />{wordOf(state)}</li>)}
      {(marks & RETRIED) > 0 && <li><i className={css.markRetried} />Tried again</li>}
      {(marks & MAPPED) > 0 && <li><i className={css.markMapped} />Mapped</li>}
      {(marks & NOTED) > 0 && <li><i className={css.markNoted} />Note</li>}
      {(marks & ABSENT) > 0 && <li><i className={css.markAbsent} />Not in that version</li>}
    </ul>
  );
}

interface CardProps {
  dagId: string;
  model: GridModel;
  columns: readonly number[];
  filter: GridFilter;
  chosen: Chosen;
  zone: string;
  runs: string;
  end: string | null;
  outputs: OutputRows | null;
}

/** Older and newer windows: `end` is the execution date of the newest run that may be shown. */
function paging({ model, runs, end }: CardProps) {
  const step = Math.max(1, Number(runs) - 2);
  const older = model.runs.length >= Number(runs) ? model.runs[Math.max(0, model.runs.length - step - 1)] : undefined;
  return {
    older: older && (() => setQuery({ end: older.execution_date, run: null }, "push")),
    today: end ? () => setQuery({ end: null, run: null }, "push") : undefined,
    newer: end ? () => setQuery({ end: newerEnd(model, end, step), run: null }, "push") : undefined,
  };
}

/** Where the next window ends: as far on as this one is long; beyond now it is today's. */
function newerEnd(model: GridModel, end: string, step: number): string | null {
  const first = model.runs[0];
  const last = model.runs.at(-1);
  if (!first || !last) return null;
  const length = ((Date.parse(last.execution_date) - Date.parse(first.execution_date)) * step) / Math.max(1, model.runs.length - 1);
  const next = Date.parse(end) + Math.max(length, 60_000);
  return next >= Date.now() ? null : new Date(next).toISOString();
}

export function GridCard(props: CardProps) {
  const { dagId, model, columns, filter, chosen, zone, runs } = props;
  const go = useGo();
  const [closed, fold] = useClosed(dagId);
  const [whole, setWhole] = useParam("zoom");
  const [twin, setTwin] = useParam("view");
  const field = useRef<HTMLInputElement>(null);
  const [group, setGroup] = useState<string | null>(null);
  const rows = useMemo(() => rowsOf(model, closed, filter.filter), [model.tasks, closed, filter.filter]);
  const key = chosen.task ?? group;
  const spot: Spot = useMemo(() => ({
    row: key === null ? -1 : rows.findIndex((row) => rowKey(row) === key), column: columns.indexOf(chosen.run),
  }), [rows, columns, key, chosen.run]);
  const onSpot = (next: Spot) => {
    const row: GridRow | undefined = rows[next.row];
    setGroup(row?.kind === "group" ? rowKey(row) : null);
    const run = next.column < 0 ? undefined : columns[next.column];
    chosen.choose({ ...(run === undefined ? {} : { run }), ...(row ? { task: row.kind === "task" ? row.id : null } : {}) });
  };
  const onOpen = (at: Spot) => {
    const row = rows[at.row];
    const run = model.runs[columns[at.column] ?? -1];
    if (run && row) go(runPath(dagId, run, zone, { task: row.kind === "task" ? row.id : null }));
  };
  const { older, newer, today } = paging(props);
  useKeys([{ keys: "/", says: "Filter tasks", act: () => field.current?.focus() }]);
  const tools = (
    <>
      <IconButton icon="chevron_left" size={14} label="Older runs" disabled={!older} onClick={older} />
      <IconButton icon="chevron_right" size={14} label="Newer runs" disabled={!newer} onClick={newer} />
      <IconButton icon="maximize" size={13} label={whole ? "Cells at their size" : "All runs and tasks at once"} aria-pressed={whole !== ""} onClick={() => setWhole(whole ? null : "all")} />
      <IconButton icon="table" size={13} label="As a table" aria-pressed={twin === "table"} onClick={() => setTwin(twin === "table" ? null : "table")} />
    </>
  );
  const below = props.outputs?.rows.length ? {
    height: OUTPUT_HEIGHT(props.outputs.rows.length),
    draw: (span: { left: number; right: number }, pitch: { x: number }) => <GridOutputs outputs={props.outputs!} model={model} columns={columns} span={span} pitchX={pitch.x} column={spot.column} />,
  } : null;
  const filtered = filter.states.length > 0 || filter.types.length > 0;
  return (
    <Card
      label="Grid"
      about={(
        <>
          <Field label="Filter tasks" className={css.filter} icon="filter" placeholder="Filter tasks" value={filter.filter} inputRef={field} onChange={(value) => setQuery({ q: value })} />
          <Segments label="How many runs" value={runs} options={RUN_COUNTS.map((each) => ({ value: each, label: each === runs ? `${each} runs` : each }))} onChange={(value) => setQuery({ runs: value === "36" ? null : value })} />
        </>
      )}
      tools={(
        <>
          <Several name="run types" all="All run types" options={RUN_TYPES} value={filter.types} onChange={(value) => setQuery({ type: value.join(",") })} />
          <Several name="states" all="All states" options={Object.fromEntries(RUN_STATES.map((state) => [state, wordOf(state)]))} value={filter.states} onChange={(value) => setQuery({ state: value.join(",") })} />
          {today && <Button small look="ghost" onClick={today}>Today</Button>}
        </>
      )}
      foot={<><Legend model={model} columns={columns} />{filtered && <><span className="space" /><span>{count(columns.length)} of {count(model.runs.length)} runs</span></>}</>}
    >
      {!rows.length || !columns.length ? (
        <NothingFound rows={rows.length} />
      ) : twin === "table" ? (
        <GridTable model={model} rows={rows} columns={columns} zone={zone} spot={spot} tools={tools} onSpot={onSpot} />
      ) : (
        <GridView dagId={dagId} model={model} rows={rows} columns={columns} zone={zone} spot={spot} whole={whole !== ""} onSpot={onSpot} onOpen={onOpen} onFold={fold} tools={tools} below={below} />
      )}
    </Card>
  );
}

function NothingFound({ rows }: { rows: number }) {
  return (
    <Empty title={rows ? "No run is of these states and types" : "No task is called like that"}>
      <Button small onClick={() => setQuery(rows ? { state: null, type: null } : { q: null })}>Clear the filter</Button>
    </Empty>
  );
}
