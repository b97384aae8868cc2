import { type Ref, useEffect, useMemo, useState } from "react";

import { laidOut } from "@/canvas/layout_client";
import { type Graph, groupWords, layoutInput, nodeStates, type TaskTimes, taskWords } from "@/model/graph";
import type { GraphLayout } from "@/model/layout";
import type { State } from "@/model/states";
import { useNow } from "@/ui/zone";

import { type GraphControls, GraphCanvasView } from "./graph_canvas_view";

/** Laid out by the worker; the last picture stays while the next is made. */
export function useLayout(dagId: string, graph: Graph, closed: readonly boolean[]): { laid: GraphLayout | null; of: Graph | null; error: Error | null } {
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
export function useFolds(): [ReadonlySet<string>, (group: string) => void] {
  const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
  const fold = (group: string) => {
    const next = new Set(changed);
    if (!next.delete(group)) next.add(group);
    setChanged(next);
  };
  return [changed, fold];
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

/** A graph with what each of its tasks did in a run. */
export function Picture({ controls, graph, laid, column, times, task, lit, onTask, onOpen, onFold, onZoom }: PictureProps) {
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
