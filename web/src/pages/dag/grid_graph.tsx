import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";

import { type ApiError } from "@/api/client";
import { read } from "@/api/queries";
import { closedGroups, type Graph, graphOf, related, type TaskTimes, type UiGraph } from "@/model/graph";
import { cellOf, type GridModel, stateOf } from "@/model/grid";
import { runPath } from "@/model/run_address";
import type { State } from "@/model/states";
import { executionDate } from "@/model/time";
import { Button, Segments } from "@/ui/controls";
import { Icon } from "@/ui/icon";
import { Empty, ErrorNote, Loading, Shown } from "@/ui/notes";
import { Card, Tag } from "@/ui/surface";
import { useGo, useParam } from "@/ui/url";

import css from "./graph.module.css";
import type { GraphControls } from "./graph_canvas_view";
import { GraphList } from "./graph_list";
import { Picture, useFolds, useLayout } from "./graph_picture";
import type { Chosen } from "./grid_choice";

interface Props {
  dagId: string;
  model: GridModel;
  chosen: Chosen;
  zone: string;
  times: ReadonlyMap<string, TaskTimes>;
}

/** The graph of the chosen run's version, or of the one in force. */
export function GraphCard(props: Props) {
  const { dagId, model, chosen } = props;
  const version = model.runs[chosen.run]?.version;
  const query = useQuery<UiGraph, ApiError>({
    ...read("/api/v2/ui/dags/{dag_id}/graph", { path: { dag_id: dagId }, query: version ? { version } : {} }), staleTime: version ? Infinity : 30_000,
    placeholderData: (before) => before,
  });
  const answer = query.data;
  const graph = useMemo(() => (answer ? graphOf(answer) : null), [answer]);
  if (!graph) return <Card title="Graph"><Shown query={query} what="The graph can't be read">{() => null}</Shown></Card>;
  if (!graph.tasks.length) return <Card title="Graph"><Empty title="This version has no tasks" /></Card>;
  return <GraphPane {...props} graph={graph} />;
}

function GraphPane({ dagId, model, chosen, zone, times, graph }: Props & { graph: Graph }) {
  const go = useGo();
  const [changed, fold] = useFolds();
  const closed = useMemo(() => closedGroups(graph, changed), [graph, changed]);
  const { laid, of, error } = useLayout(dagId, graph, closed);
  const [zoom, setZoom] = useState(1);
  const [focus, setFocus] = useParam("focus");
  const [view, setView] = useParam("graph", "graph");
  const handle = useRef<GraphControls>(null);
  const run = model.runs[chosen.run];
  const task = chosen.task === null ? -1 : (graph.taskIndex.get(chosen.task) ?? -1);
  const column = useMemo(() => graph.tasks.map((each): State => {
    const row = model.taskIndex.get(each.id);
    return run && row !== undefined ? stateOf(cellOf(model, row, chosen.run)) : "none";
  }), [graph, model.cells, model.taskIndex, chosen.run]);
  const lit = useMemo(() => (focus && task >= 0 ? related(graph, [task]) : null), [graph, focus, task]);
  const onOpen = (index: number) => run && go(runPath(dagId, run, zone, { task: graph.tasks[index]!.id }));
  const head = (
    <span className={css.of}>
      {run && <Tag>run {executionDate(run.execution_date, zone)}</Tag>}
      {run && run.version !== model.runs.at(-1)?.version && <Tag title="The DAG's version of this run">v{run.version}</Tag>}
    </span>
  );
  const tools = (
    <>
      <Segments label="Show as" value={view === "list" ? "list" : "graph"} options={[{ value: "graph", label: "Tasks" }, { value: "list", label: "List" }]} onChange={(next) => setView(next)} />
      <Button small look="ghost" className={css.light} aria-pressed={focus !== ""} disabled={task < 0 && !focus} title="Only what leads to the chosen task and what it leads to" onClick={() => setFocus(focus ? null : "1")}>Focus</Button>
      {view !== "list" && (
        <span className={css.zoom}>
          <button type="button" aria-label="Smaller" onClick={() => handle.current?.zoomBy(0.8)}><Icon name="minus" size={13} /></button>
          <button type="button" className={css.percent} aria-label={`${Math.round(zoom * 100)} percent: show all of it`} onClick={() => handle.current?.fit()}>{Math.round(zoom * 100)}%</button>
          <button type="button" aria-label="Larger" onClick={() => handle.current?.zoomBy(1.25)}><Icon name="plus" size={13} /></button>
        </span>
      )}
    </>
  );
  return (
    <Card title="Graph" about={head} tools={tools}>
      {view === "list" ? <GraphList graph={graph} states={column} times={times} task={task} lit={lit} onTask={(index) => chosen.choose({ task: graph.tasks[index]!.id })} />
        : error ? <ErrorNote error={error} what="The graph can't be laid out" />
        : !laid || of !== graph ? <Loading lines={2} />
        : (
          <Picture
            controls={handle}
            graph={graph} laid={laid} column={column} times={times} task={task} lit={lit} onOpen={onOpen} onFold={fold} onZoom={setZoom}
            onTask={(index) => chosen.choose({ task: index === null ? null : graph.tasks[index]!.id })}
          />
        )}
    </Card>
  );
}
