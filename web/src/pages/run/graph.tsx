import { useMemo, useRef, useState } from "react";

import { closedGroups, type Graph, graphOf, type TaskTimes, timesOf } from "@/model/graph";
import { groupBy } from "@/model/run_timeline";
import { type State, worstOf } from "@/model/states";
import type { GraphControls } from "@/pages/dag/graph_canvas_view";
import { Picture, useFolds, useLayout } from "@/pages/dag/graph_picture";
import { Icon } from "@/ui/icon";
import { Empty, ErrorNote, Loading } from "@/ui/notes";

import css from "./run.module.css";
import { select } from "./selection";
import type { RunView } from "./view";

/** A mapped task's state is that of the instance that needs eyes first. */
function useColumn({ instances }: RunView, graph: Graph | null): State[] {
  return useMemo(() => {
    const tasks = groupBy(instances, (one) => one.task);
    return graph?.tasks.map((task) => worstOf((tasks.get(task.id) ?? []).map((one) => one.state))) ?? [];
  }, [instances, graph]);
}

/** The run's version of the DAG as a graph, with what has happened; a click opens the task. */
export default function GraphView({ view }: { view: RunView }) {
  const answer = view.graph;
  const graph = useMemo(() => (answer ? graphOf(answer) : null), [answer]);
  const column = useColumn(view, graph);
  const { timeline } = view;
  const times = useMemo(() => (timeline ? timesOf(timeline) : new Map<string, TaskTimes>()), [timeline]);
  if (!graph) return <Loading lines={8} />;
  if (!graph.tasks.length) return <Empty title="This version has no tasks." />;
  return <Pane view={view} graph={graph} column={column} times={times} />;
}

function Pane({ view, graph, column, times }: { view: RunView; graph: Graph; column: State[]; times: Map<string, TaskTimes> }) {
  const [changed, fold] = useFolds();
  const closed = useMemo(() => closedGroups(graph, changed), [graph, changed]);
  const { laid, of, error } = useLayout(view.dagId, graph, closed);
  const [zoom, setZoom] = useState(1);
  const controls = useRef<GraphControls>(null);
  const task = view.shown ? (graph.taskIndex.get(view.shown.task) ?? -1) : -1;
  const open = (index: number | null) => {
    if (index === null) return select(null);
    const { id } = graph.tasks[index]!;
    const only = view.instances.filter((one) => one.task === id);
    select(id, only.length === 1 ? only[0]!.mapIndex : null);
  };
  if (error) return <ErrorNote error={error} what="The graph can't be laid out" />;
  if (!laid || of !== graph) return <Loading lines={8} />;
  return (
    <>
      <Picture
        controls={controls} graph={graph} laid={laid} column={column} times={times} task={task} lit={null}
        onTask={open} onOpen={() => document.getElementById("task-panel")?.focus()} onFold={fold} onZoom={setZoom}
      />
      <div className={css.zoom}>
        <button type="button" aria-label="Smaller" onClick={() => controls.current?.zoomBy(0.8)}><Icon name="minus" size={13} /></button>
        <button type="button" aria-label={`${Math.round(zoom * 100)} percent: show all of it`} onClick={() => controls.current?.fit()}>{Math.round(zoom * 100)}%</button>
        <button type="button" aria-label="Larger" onClick={() => controls.current?.zoomBy(1.25)}><Icon name="plus" size={13} /></button>
      </div>
    </>
  );
}
