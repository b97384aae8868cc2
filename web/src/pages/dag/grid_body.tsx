import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Link } from "wouter";

import { api } from "@/api/client";
import type { StreamEvent } from "@/api/events";
import { queries, read } from "@/api/queries";
import { timesOf } from "@/model/graph";
import { type GridModel, runSeconds } from "@/model/grid";
import { parseRunName, rangeOf, runPath } from "@/model/run_address";
import { toState, wordOf } from "@/model/states";
import { duration, executionDate } from "@/model/time";
import { Segments } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { useKeys } from "@/ui/keys";
import { Empty, Shown } from "@/ui/notes";
import { Card, CardBody } from "@/ui/surface";
import { setQuery, useGo, useParam } from "@/ui/url";
import { useNow } from "@/ui/zone";

import css from "./grid.module.css";
import { GridCard, RUN_COUNTS, useColumns, useGridFilter } from "./grid_card";
import { type Chosen, useChoice } from "./grid_choice";
import { GraphCard } from "./grid_graph";
import { Inspector, INSTANCE_PATHS } from "./grid_inspector";
import { useOutputs } from "./grid_outputs";
import { useGrid } from "./grid_query";
import type { DagDetails } from "./index";

export function GridTabBody({ dag }: { dag: DagDetails }) {
  const [asked] = useParam("runs", "36");
  const runs = (RUN_COUNTS as readonly string[]).includes(asked) ? asked : "36";
  const [end] = useParam("end");
  const heard = useRef<(events: StreamEvent[]) => void>(() => {});
  const query = useGrid(dag.dag_id, Number(runs), end || null, (events) => heard.current(events));
  const listen = useCallback((next: (events: StreamEvent[]) => void) => {
    heard.current = next;
  }, []);
  return (
    <div className={css.tab}>
      <Shown query={query} what="The grid can't be read">
        {(model) => model.runs.length || end ? <Panes dag={dag} model={model} runs={runs} end={end || null} listen={listen} /> : <NoRuns dagId={dag.dag_id} />}
      </Shown>
    </div>
  );
}

function NoRuns({ dagId }: { dagId: string }) {
  return <Card label="Grid"><Empty title="No runs yet" command={`millrace run ${dagId}`} /></Card>;
}

type Width = "wide" | "middle" | "narrow";

function useWidth(): Width {
  return useSyncExternalStore((tell) => {
    const watched = ["(min-width: 1200px)", "(min-width: 768px)"].map((text) => matchMedia(text));
    for (const each of watched) each.addEventListener("change", tell);
    return () => {
      for (const each of watched) each.removeEventListener("change", tell);
    };
  }, () => (matchMedia("(min-width: 1200px)").matches ? "wide" : matchMedia("(min-width: 768px)").matches ? "middle" : "narrow"));
}

/** The value once it has stayed for a moment: an arrow key that is held down isn't a question to the daemon for each cell it passes. */
function useSettled<T>(value: T, key: string): T {
  const [settled, setSettled] = useState({ value, key });
  const current = useRef(value);
  useEffect(() => {
    current.current = value;
  });
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ value: current.current, key }), 120);
    return () => clearTimeout(timer);
  }, [key]);
  return settled.key === key ? value : settled.value;
}

const TIMELINE = "/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline";
const EACH_MS = 1500;

/** How long the tasks of a run took and take. Read anew when its task instances move, every few seconds at most. */
function useTimes(dagId: string, runId: string | undefined, task: string | null, listen: (heard: (events: StreamEvent[]) => void) => void) {
  const { data } = useQuery({ ...read(TIMELINE, { path: { dag_id: dagId, run_id: runId ?? "" } }), enabled: runId !== undefined });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const touched = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => listen((events) => {
    const mine = events.filter((event) => event.type === "reset" || ((event.type === "ti" || event.type === "run") && event.data.run_id === runId));
    if (!mine.length || runId === undefined) return;
    touched.current ||= mine.some((event) => event.type !== "ti" || event.data.task_id === task);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const path = { dag_id: dagId, run_id: runId };
      void queries.invalidateQueries({ queryKey: [TIMELINE, path] });
      if (touched.current) for (const each of INSTANCE_PATHS) void queries.invalidateQueries({ queryKey: [each], predicate: (query) => (query.queryKey[1] as { run_id?: string }).run_id === runId });
      touched.current = false;
    }, EACH_MS);
  }), [dagId, runId, task, listen]);
  return useMemo(() => (data ? timesOf(data) : new Map()), [data]);
}

/** A run that the address asks for and that is older than what is shown: the window goes to it. */
function useMissing(dagId: string, missing: string | null, zone: string, end: string | null): void {
  useEffect(() => {
    if (missing === null || end !== null) return;
    let left = false;
    const name = parseRunName(missing);
    const range = rangeOf(name, zone);
    if (range) setQuery({ end: new Date(range.to - 1).toISOString() });
    else {
      api.get("/api/v2/dags/{dag_id}/dagRuns/{run_id}", { path: { dag_id: dagId, run_id: missing } })
        .then((run) => left || setQuery({ end: run.execution_date }))
        // The inspector says that there is no such run among those that are shown.
        .catch(() => {});
    }
    return () => {
      left = true;
    };
  }, [dagId, missing, zone, end]);
}

function usePageKeys(dagId: string, model: GridModel, columns: readonly number[], chosen: Chosen, zone: string, onPane: (pane: "grid" | "graph") => void): void {
  const go = useGo();
  const step = (by: number) => {
    const at = columns.indexOf(chosen.run);
    const next = columns[Math.min(columns.length - 1, Math.max(0, (at < 0 ? columns.length : at) + by))];
    if (next !== undefined) chosen.choose({ run: next });
  };
  const run = model.runs[chosen.run];
  const focus = (selector: string) => requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus());
  useKeys([
    { keys: "[", says: "Run before", act: () => step(-1) },
    { keys: "]", says: "Next run", act: () => step(1) },
    {
      keys: "v", says: "Grid or graph", act: () => {
        const pane = document.activeElement?.closest("[data-grid-cell]") ? "graph" : "grid";
        onPane(pane);
        focus(pane === "graph" ? "[data-graph-list]" : "[data-grid-cell]");
      },
    },
    { keys: "l", says: "Log of the chosen task", act: () => run && chosen.task !== null && go(runPath(dagId, run, zone, { task: chosen.task, map: chosen.map })) },
    { keys: "y", says: "Why isn't it running", act: () => focus("#why") },
  ]);
}

interface PanesProps {
  dag: DagDetails;
  model: GridModel;
  runs: string;
  end: string | null;
  listen: (heard: (events: StreamEvent[]) => void) => void;
}

function Panes({ dag, model, runs, end, listen }: PanesProps) {
  const dagId = dag.dag_id;
  const zone = dag.timezone ?? "UTC";
  const width = useWidth();
  const filter = useGridFilter();
  const columns = useColumns(model, filter);
  const chosen = useChoice(model, columns, zone);
  const [pane, setPane] = useParam("pane", "grid");
  const outputs = useOutputs(dagId, dag.datasets ?? [], Number(runs));
  const settled = useSettled(chosen, `${chosen.run} ${chosen.task} ${chosen.map} ${chosen.missing}`);
  const times = useTimes(dagId, model.runs[settled.run]?.run_id, settled.task, listen);
  useMissing(dagId, chosen.missing, zone, end);
  usePageKeys(dagId, model, columns, chosen, zone, (next) => width === "middle" && setPane(next));
  if (width === "narrow") return <RunList dagId={dagId} model={model} columns={columns} zone={zone} />;
  const grid = <GridCard dagId={dagId} model={model} columns={columns} filter={filter} chosen={chosen} zone={zone} runs={runs} end={end} outputs={outputs} />;
  const graph = <GraphCard dagId={dagId} model={model} chosen={chosen} zone={zone} times={settled.run === chosen.run ? times : NO_TIMES} />;
  const inspector = <Inspector dagId={dagId} model={model} chosen={{ ...settled, choose: chosen.choose }} zone={zone} runs={Number(runs)} />;
  return (
    <>
      <Spoken model={model} run={chosen.run} zone={zone} />
      {width === "wide" ? (
        <div className={css.panes}>{grid}<div className={css.right}>{graph}{inspector}</div></div>
      ) : (
        <div className={css.stack}>
          <Segments label="Pane" value={pane === "graph" ? "graph" : "grid"} options={[{ value: "grid", label: "Grid" }, { value: "graph", label: "Graph" }]} onChange={setPane} />
          {pane === "graph" ? graph : grid}
          {inspector}
        </div>
      )}
    </>
  );
}

const NO_TIMES = new Map<string, never>();

/** The one live region: how the chosen run goes on. */
function Spoken({ model, run, zone }: { model: GridModel; run: number; zone: string }) {
  const entry = model.runs[run];
  return <p className="hidden" role="status">{entry ? `Run ${executionDate(entry.execution_date, zone)}: ${wordOf(toState(entry.state)).toLowerCase()}` : ""}</p>;
}

/** On a phone: the runs, newest first. */
function RunList({ dagId, model, columns, zone }: { dagId: string; model: GridModel; columns: readonly number[]; zone: string }) {
  const now = useNow();
  return (
    <Card title="Runs">
      <CardBody label="Runs, newest first">
        <ul className={css.runList}>
          {columns.toReversed().map((column) => {
            const run = model.runs[column]!;
            return (
              <li key={run.run_id}>
                <Link href={runPath(dagId, run, zone)}>
                  <Glyph state={run.state} size={16} label="" />
                  <span className="strong">{executionDate(run.execution_date, zone)}</span>
                  <span className="mid">{wordOf(toState(run.state))}</span>
                  <span className="space" />
                  <span className="dim">{duration(runSeconds(run, now))}</span>
                </Link>
              </li>
            );
          })}
        </ul>
      </CardBody>
    </Card>
  );
}
