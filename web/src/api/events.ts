// The messages of the event stream (docs/events.md), as pages get them.

export interface TiEvent {
  dag_id: string;
  run_id: string;
  task_id: string;
  map_index: number;
  try_number: number;
  state: string | null;
  from: string | null;
  cause: string;
  at: string;
}
export interface RunEvent {
  dag_id: string;
  run_id: string;
  execution_date: string | null;
  run_type: string;
  backfill_id?: number;
  state: string;
  from: string | null;
  cause: string;
  at: string;
}
export interface BackfillEvent {
  backfill_id: number;
  dag_id: string;
  state: string;
  from?: string | null;
  counts?: Record<string, number>;
  at?: string;
}
export interface DatasetEvent {
  dataset: string;
  partition: string | null;
  dag_id: string;
  run_id: string;
  task_id: string;
  map_index: number;
  at: string;
}
export interface PoolUse {
  name: string;
  slots: number;
  occupied_slots: number;
  running_slots: number;
  queued_slots: number;
  scheduled_slots: number;
  deferred_slots: number;
}
export interface LogEvent {
  dag_id: string;
  run_id: string;
  task_id: string;
  map_index: number;
  try_number: number;
  size: number;
}
export interface NoteEvent {
  kind: string;
  dag_id?: string;
  run_id?: string;
  task_id?: string;
  map_index?: number;
  from?: string | null;
  to?: string | null;
  cause?: string;
  at: string;
}

interface DataOf {
  ti: TiEvent;
  run: RunEvent;
  backfill: BackfillEvent;
  dataset: DatasetEvent;
  capacity: { pools: PoolUse[] } | NoteEvent;
  log: LogEvent;
  waits: NoteEvent;
  dag: NoteEvent;
  notification: NoteEvent;
  variable: NoteEvent;
  audit: Record<string, unknown>;
  /** What lies between isn't told: read anew what is shown. */
  reset: { reason: string };
}
export type EventType = keyof DataOf;
export type StreamEvent = { [T in EventType]: { type: T; id: number | null; data: DataOf[T] } }[EventType];

export const EVENT_TYPES: readonly EventType[] = [
  "ti", "run", "backfill", "dataset", "capacity", "log", "waits", "dag", "notification", "variable", "audit", "reset",
];

/** A message as the stream has it, or null for a type or a text that this page doesn't know. */
export function parseEvent(type: string, id: string, text: string): StreamEvent | null {
  if (!(EVENT_TYPES as readonly string[]).includes(type)) return null;
  try {
    const number = id === "" ? null : Number(id);
    return { type, id: number, data: JSON.parse(text) } as StreamEvent;
  } catch {
    return null;
  }
}

/**
 * Whether a message belongs to a topic: one stream carries the topics of all tabs, each page gets its own back.
 * The same rules as the daemon's (docs/events.md, "Topics").
 */
export function matchesTopic(topic: string, event: StreamEvent): boolean {
  if (event.type === "reset") return true;
  const data = event.data as Partial<TiEvent & BackfillEvent & DatasetEvent>;
  const [kind, rest] = [topic.split(":", 1)[0], topic.slice(topic.indexOf(":") + 1)];
  switch (kind) {
    case "events": return event.type !== "log" && !(event.type === "capacity" && "pools" in event.data);
    case "overview": return event.type === "run" || event.type === "backfill" || event.type === "dag";
    case "dag": return data.dag_id === rest && event.type !== "log";
    case "run": return `${data.dag_id}/${data.run_id}` === rest;
    case "backfill": return String(data.backfill_id) === rest;
    case "dataset": return event.type === "dataset" && (rest === "*" || data.dataset === rest);
    case "capacity": return event.type === "capacity";
    case "runs": return event.type === "run";
    case "tasks": return event.type === "ti" || event.type === "waits";
    case "dags": return event.type === "dag";
    case "backfills": return event.type === "backfill";
    case "datasets": return event.type === "dataset";
    case "audit": return event.type === "audit";
    default: return false;
  }
}
