import { useQuery } from "@tanstack/react-query";
import { type Ref, useEffect, useMemo, useRef, useState } from "react";

import { type ApiError } from "@/api/client";
import { read } from "@/api/queries";
import { laidOut } from "@/canvas/layout_client";
import { closedGroups, type Graph, graphOf, groupWords, layoutInput, nodeStates, related, type TaskTimes, taskWords, type UiGraph } from "@/model/graph";
import { cellOf, type GridModel, stateOf } from "@/model/grid";
import type { GraphLayout } from "@/model/layout";
import { runPath } from "@/model/run_address";
import type { State } from "@/model/states";
import { executionDate } from "@/model/time";
import { Button, Segments } from "@/ui/controls";
import { Icon } from "@/ui/icon";
import { Empty, ErrorNote, Loading, Shown } from "@/ui/notes";
import { Card, Tag } from "@/ui/surface";
import { useGo, useParam } from "@/ui/url";
import { useNow } from "@/ui/zone";

import css from "./graph.module.css";
import { type GraphControls, GraphCanvasView } from "./graph_canvas_view";
import { GraphList } from "./graph_list";
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

/** Laid out by the worker; the last picture stays while the next is made. */
function useLayout(dagId: string, graph: Graph, closed: readonly boolean[]): { laid: GraphLayout | null; of: Graph | null; error: Error | null } {
  const [found, setFound] = useState<{ laid: GraphLayout | null; of: Graph | null; error: Error | null }>({ laid: null, of: null, error: null });
  const shut = graph.groups.filter((_, index) => closed[index]).map((group) => group.id).join(",");
  useEffect(() => {
    let left = false;
    laidOut(`${dagId}\n${graph.version}\n${shut}`, () => layoutInput(graph, closed))
      .then((laid) => left || setFound({ laid, of: graph, error: null }))
      .catch((error: Error) => left || setFound({ laid: null, of: null, error }));
    return () => {
      left = true;
    };
  }, [dagId, graph, shut]);
  return found;
}

/** Groups that the reader opened or closed. */
function useFolds(): [ReadonlySet<string>, (group: string) => void] {
  const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
  const fold = (group: string) => {
    const next = new Set(changed);
    if (!next.delete(group)) next.add(group);
    setChanged(next);
  };
  return [changed, fold];
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
    <>
      {run && <Tag>run {executionDate(run.execution_date, zone)}</Tag>}
      {run && run.version !== model.runs.at(-1)?.version && <Tag title="The DAG's version of this run">v{run.version}</Tag>}
    </>
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

interface PictureProps {
  controls: Ref<GraphControls>;
  graph: Graph;
  laid: GraphLayout;
  column: readonly State[];
  times: ReadonlyMap<string, TaskTimes>;
  task: number;
  lit: Uint8Array | null;
  onTask: (task: number | null) => void;
  onOpen: (task: number) => void;
  onFold: (group: string) => void;
  onZoom: (zoom: number) => void;
}

function Picture({ controls, graph, laid, column, times, task, lit, onTask, onOpen, onFold, onZoom }: PictureProps) {
  const moving = column.some((state) => state === "running");
  const now = useNow();
  const moment = moving ? now : 0;
  const stateOfTask = useMemo(() => (index: number) => column[index]!, [column]);
  const states = useMemo(() => nodeStates(graph, laid, stateOfTask), [graph, laid, stateOfTask]);
  const members = useMemo(() => {
    const found = new Map<number, number[]>();
    graph.tasks.forEach((_, index) => {
      const node = laid.taskNode[index]!;
      if (laid.nodeTask[node]! < 0) found.set(node, [...(found.get(node) ?? []), index]);
    });
    return found;
  }, [graph, laid]);
  const partName = (part: number) => {
    const { group, number, of } = laid.parts[part]!;
    return of > 1 ? `${graph.groups[group]!.id} · part ${number + 1} of ${of}` : graph.groups[group]!.id;
  };
  const words = useMemo(() => (node: number) => {
    const index = laid.nodeTask[node]!;
    if (index < 0) return groupWords((members.get(node) ?? []).map(stateOfTask));
    return taskWords(graph, index, stateOfTask, times.get(graph.tasks[index]!.id), moment);
  }, [graph, laid, members, stateOfTask, times, moment]);
  const litNodes = useMemo(() => {
    if (!lit) return null;
    const nodes = new Uint8Array(laid.nodeTask.length);
    lit.forEach((on, index) => on && (nodes[laid.taskNode[index]!] = 1));
    return nodes;
  }, [lit, laid]);
  return (
    <GraphCanvasView
      controls={controls} graph={graph} laid={laid} states={states} words={words} frameLabel={partName} stateOfTask={stateOfTask} task={task} lit={litNodes}
      label={(node) => (laid.nodeTask[node]! < 0 ? partName(laid.nodePart[node]!) : graph.tasks[laid.nodeTask[node]!]!.label)}
      onTask={onTask} onOpen={onOpen} onFold={onFold} onZoom={onZoom}
    />
  );
}
