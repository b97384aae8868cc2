import { type KeyboardEvent, type MouseEvent, type Ref, useCallback, useEffect, useId, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";

import { clampCamera, firstCamera, fitCamera, showNode, zoomAt } from "@/canvas/camera";
import { prepare, readColors } from "@/canvas/colors";
import { type Camera, drawGraph, forgetWidths, hitTest } from "@/canvas/graph_canvas";
import type { Graph } from "@/model/graph";
import type { GraphLayout } from "@/model/layout";
import { type State, wordOf } from "@/model/states";
import { useTheme } from "@/ui/theme";

import css from "./graph.module.css";

export interface GraphControls {
  zoomBy: (factor: number) => void;
  fit: () => void;
}

interface Props {
  controls: Ref<GraphControls>;
  graph: Graph;
  laid: GraphLayout;
  /** Of boxes. */
  states: readonly State[];
  label: (node: number) => string;
  words: (node: number) => string;
  frameLabel: (part: number) => string;
  stateOfTask: (task: number) => State;
  /** The chosen task, or -1. */
  task: number;
  lit: Uint8Array | null;
  onTask: (task: number | null) => void;
  onOpen: (task: number) => void;
  onFold: (group: string) => void;
  onZoom: (zoom: number) => void;
}

/** The camera, and what moves it. It is no state: a picture is drawn a frame, React has nothing to do with it. */
function useCamera(laid: GraphLayout, onZoom: (zoom: number) => void, paint: (camera: Camera, width: number, height: number) => void) {
  const box = useRef<HTMLDivElement>(null);
  const camera = useRef<Camera>({ x: 0, y: 0, zoom: 1 });
  const frame = useRef(0);
  const newest = useRef({ laid, onZoom, paint });
  useLayoutEffect(() => {
    newest.current = { laid, onZoom, paint };
  });
  // A frame or an observer may still come when the box has left the page and no effect has been cleaned up.
  const size = () => ({ width: box.current?.clientWidth ?? 0, height: box.current?.clientHeight ?? 0 });
  const redraw = useCallback(() => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      const { width, height } = size();
      if (width && height) newest.current.paint(camera.current, width, height);
    });
  }, []);
  /** Until the reader moves it, it shows what a first look should see. */
  const touched = useRef(false);
  const move = useCallback((next: Camera, byReader = false) => {
    touched.current ||= byReader;
    const clamped = clampCamera(next, newest.current.laid, size());
    if (clamped.zoom !== camera.current.zoom) newest.current.onZoom(clamped.zoom);
    camera.current = clamped;
    redraw();
  }, [redraw]);
  useEffect(() => {
    const again = () => {
      forgetWidths();
      redraw();
    };
    document.fonts.addEventListener("loadingdone", again);
    return () => {
      document.fonts.removeEventListener("loadingdone", again);
      cancelAnimationFrame(frame.current);
    };
  }, [redraw]);
  /** As it should be seen at first, unless the reader has moved it since. `anew`: whatever the reader did. */
  const settle = useCallback((anew: boolean) => {
    if (anew) touched.current = false;
    move(touched.current ? camera.current : firstCamera(newest.current.laid, size()));
  }, [move]);
  const whole = useCallback(() => {
    touched.current = false;
    move(fitCamera(newest.current.laid, size()));
  }, [move]);
  return { box, camera, move, settle, whole, redraw, size };
}

/** Dragging, the wheel and pinching. A plain wheel moves the picture where it is larger than the box, else the page. */
function useGestures({ box, camera, move, size }: ReturnType<typeof useCamera>, laid: GraphLayout) {
  const dragged = useRef(false);
  const current = useRef(laid);
  useLayoutEffect(() => {
    current.current = laid;
  });
  useEffect(() => {
    const element = box.current!;
    const onWheel = (event: WheelEvent) => {
      const edge = element.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        move(zoomAt(camera.current, Math.exp(-event.deltaY * 0.01), event.clientX - edge.left, event.clientY - edge.top), true);
        return;
      }
      const { width, height } = size();
      const { zoom } = camera.current;
      if (current.current.width * zoom <= width && current.current.height * zoom <= height) return;
      event.preventDefault();
      const scale = event.deltaMode === 1 ? 16 : 1;
      const [dx, dy] = event.shiftKey && !event.deltaX ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
      move({ zoom, x: camera.current.x + (dx * scale) / zoom, y: camera.current.y + (dy * scale) / zoom }, true);
    };
    let from: { x: number; y: number; camera: Camera } | null = null;
    const onDown = (event: PointerEvent) => {
      if (event.button !== 0) return;
      from = { x: event.clientX, y: event.clientY, camera: camera.current };
      dragged.current = false;
    };
    const onMove = (event: PointerEvent) => {
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!dragged.current && Math.hypot(dx, dy) < 4) return;
      if (!dragged.current) element.setPointerCapture(event.pointerId);
      dragged.current = true;
      move({ zoom: from.camera.zoom, x: from.camera.x - dx / from.camera.zoom, y: from.camera.y - dy / from.camera.zoom }, true);
    };
    const onUp = () => (from = null);
    element.addEventListener("wheel", onWheel, { passive: false });
    element.addEventListener("pointerdown", onDown);
    element.addEventListener("pointermove", onMove);
    element.addEventListener("pointerup", onUp);
    element.addEventListener("pointercancel", onUp);
    return () => {
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("pointerdown", onDown);
      element.removeEventListener("pointermove", onMove);
      element.removeEventListener("pointerup", onUp);
      element.removeEventListener("pointercancel", onUp);
    };
  }, [box, camera, move]);
  return dragged;
}

/** `route_delay_28d, up for retry, after load_flights, before assemble_features`. */
function optionWords(graph: Graph, task: number, stateOfTask: (task: number) => State): string {
  const names = (tasks: readonly number[]) => {
    const shown = tasks.slice(0, 4).map((each) => graph.tasks[each]!.label);
    return tasks.length > 4 ? `${shown.join(", ")} and ${tasks.length - 4} more` : shown.join(", ");
  };
  const entry = graph.tasks[task]!;
  const words = [entry.label, wordOf(stateOfTask(task)).toLowerCase()];
  if (entry.group) words.push(`in group ${entry.group}`);
  if (graph.upstream[task]!.length) words.push(`after ${names(graph.upstream[task]!)}`);
  if (graph.downstream[task]!.length) words.push(`before ${names(graph.downstream[task]!)}`);
  return words.join(", ");
}

/** Along the edges to the sides, through all tasks up and down; with Shift to the next that isn't success. */
function keyTask(event: KeyboardEvent, { graph, task, stateOfTask }: Props): number | null {
  const { order } = graph;
  const place = task < 0 ? -1 : order.indexOf(task);
  const step = (by: 1 | -1) => {
    let next = task < 0 ? (by > 0 ? 0 : order.length - 1) : place + by;
    while (event.shiftKey && order[next] !== undefined && stateOfTask(order[next]!) === "success") next += by;
    return order[next] ?? task;
  };
  switch (event.key) {
    case "ArrowDown": return step(1);
    case "ArrowUp": return step(-1);
    case "ArrowRight": return graph.downstream[task]?.[0] ?? (task < 0 ? (order[0] ?? null) : task);
    case "ArrowLeft": return graph.upstream[task]?.[0] ?? (task < 0 ? (order[0] ?? null) : task);
    case "Home": return order[0] ?? null;
    case "End": return order.at(-1) ?? null;
    default: return null;
  }
}

export function GraphCanvasView(props: Props) {
  const { graph, laid, states, task, lit, onTask, onFold } = props;
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const node = task < 0 ? -1 : laid.taskNode[task]!;
  const [pointing, setPointing] = useState(false);
  const view = useCamera(laid, props.onZoom, (seen, width, height) => {
    const context = prepare(canvas.current!, width, height);
    drawGraph(context, {
      laid, camera: seen, width, height, states, label: props.label, words: props.words, frameLabel: props.frameLabel, chosen: node, lit, colors: readColors(),
    });
  });
  const { box, camera, move, settle, whole, redraw, size } = view;
  const dragged = useGestures(view, laid);
  useLayoutEffect(redraw, [laid, states, props.words, node, lit, theme, redraw]);
  // Another graph begins anew; where groups are opened or closed, the picture stays where the reader moved it.
  const shown = useRef<Graph | null>(null);
  useLayoutEffect(() => {
    settle(shown.current !== graph);
    shown.current = graph;
    const watch = new ResizeObserver(() => settle(false));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, [laid]);
  useLayoutEffect(() => {
    if (node >= 0) move(showNode(camera.current, laid, node, size()));
  }, [node, laid]);
  useImperativeHandle(props.controls, () => ({
    zoomBy: (factor) => move(zoomAt(camera.current, factor, size().width / 2, size().height / 2), true),
    fit: whole,
  }), [whole, move]);
  const hitOf = (event: MouseEvent) => {
    const edge = box.current!.getBoundingClientRect();
    return hitTest(laid, camera.current, event.clientX - edge.left, event.clientY - edge.top);
  };
  const groupName = (part: number) => graph.groups[laid.parts[part]!.group]!.id;
  const onClick = (event: MouseEvent) => {
    if (dragged.current) return;
    const hit = hitOf(event);
    if (hit?.kind === "frame") onFold(groupName(hit.part));
    else if (hit && laid.nodeTask[hit.node]! < 0) onFold(groupName(laid.nodePart[hit.node]!));
    else if (hit) onTask(laid.nodeTask[hit.node]!);
    list.current?.focus({ preventScroll: true });
  };
  const onDoubleClick = (event: MouseEvent) => {
    const hit = hitOf(event);
    if (hit?.kind === "node" && laid.nodeTask[hit.node]! >= 0) props.onOpen(laid.nodeTask[hit.node]!);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = keyTask(event, props);
    if (next !== null) onTask(next);
    else if (event.key === "Enter" && task >= 0) props.onOpen(task);
    else if (event.key === "+" || event.key === "=") move(zoomAt(camera.current, 1.25, size().width / 2, size().height / 2), true);
    else if (event.key === "-") move(zoomAt(camera.current, 0.8, size().width / 2, size().height / 2), true);
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
  };
  return (
    <div className={css.holder}>
      {/* The list has the keys; here is only the pointer. */}
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
      <div ref={box} data-graph-box className={css.box} data-pointing={pointing} onClick={onClick} onDoubleClick={onDoubleClick} onMouseMove={(event) => setPointing(hitOf(event) !== null)}>
        <canvas ref={canvas} aria-hidden />
      </div>
      <div
        ref={list}
        role="listbox"
        data-graph-list
        tabIndex={0}
        className={css.list}
        aria-label={`Tasks of version ${graph.version} in the order of their edges`}
        aria-activedescendant={task >= 0 ? `${id}-${task}` : undefined}
        onKeyDown={onKeyDown}
      >
        {task >= 0 && (
          <div key={task} id={`${id}-${task}`} role="option" className="hidden" aria-selected aria-setsize={graph.order.length} aria-posinset={graph.order.indexOf(task) + 1}>
            {optionWords(graph, task, props.stateOfTask)}
          </div>
        )}
      </div>
    </div>
  );
}
