import type { components } from "@/api/schema";

import { type Gate, poolOf, REASONS, sensorOf, toneOfGate, wordsOf } from "./explain_words";
import { toState, type Tone, wordOf } from "./states";
import { count, duration } from "./time";

// Why a task instance doesn't run (docs/explain.md), as a panel shows it. Times stay instants: the panel knows the reader's zone.

export type Explanation = components["schemas"]["Explanation"];
type Blocker = components["schemas"]["Blocker"];

/** Who stands in the way: an instance, or a whole run where `taskId` is null. */
export interface Who {
  dagId: string;
  runId: string;
  taskId: string | null;
  mapIndex: number;
}

/** A sentence in pieces: words, names that are links, and instants. `strong` is what the reader came for. */
export type Piece = { text: string; strong?: boolean } | { who: Who; text: string } | { at: number };

export interface GateLine {
  key: string;
  kind: string;
  title: string;
  ok: boolean;
  /** The first that is closed: the reason. */
  culprit: boolean;
  text: string;
  more: string;
  tone: Tone;
}
export interface HolderLine {
  key: string;
  /** What it holds: devices by their ids, else what is short. */
  what: string;
  who: Who;
  label: string;
  /** Its DAG where that is another one. */
  elsewhere: string;
  state: string | null;
  startedAt: number | null;
  leftSeconds: number | null;
}
export interface ReasonSpan {
  gate: string;
  label: string;
  tone: Tone;
  from: number;
  to: number | null;
  seconds: number;
}
export interface ReasonTotal {
  gate: string;
  label: string;
  tone: Tone;
  seconds: number;
}
/** What the panel shows. */
export interface Why {
  waits: boolean;
  question: string;
  sentence: Piece[];
  gates: GateLine[];
  holders: HolderLine[];
  moreHolders: number;
  /** Expected start; null: nothing can be said, because of `unknown`. */
  starts: { p50: number; p90: number } | null;
  unknown: string;
  place: string;
  waitingSince: number | null;
  history: ReasonSpan[];
  totals: ReasonTotal[];
  whatIf: { change: string; startsAt: number | null; same: boolean; now: boolean }[];
}

const at = (text: string | null): number | null => (text === null ? null : Date.parse(text));

/** `train_fold[2]`, or the run's id. */
export function nameOf(who: Who): string {
  if (who.taskId === null) return `run ${who.runId}`;
  return who.mapIndex >= 0 ? `${who.taskId}[${who.mapIndex}]` : who.taskId;
}

function whoOf(blocker: Pick<Blocker, "dag_id" | "dag_run_id" | "task_id" | "map_index">): Who {
  return { dagId: blocker.dag_id, runId: blocker.dag_run_id, taskId: blocker.task_id, mapIndex: blocker.map_index };
}

function moreOf(gate: Gate, explained: Explanation): string {
  if (gate.ok) return "";
  if (gate.kind === "gpu") return gate.text.replace(/; this task needs \d+$/, "");
  if (gate.kind === "sensor") return sensorOf(gate.text)[1];
  if (gate.kind === "pool" && explained.rank > 0) return placeOf(explained);
  return "";
}

export function placeOf(explained: Pick<Explanation, "rank" | "in_line">): string {
  if (explained.rank <= 0) return "";
  if (explained.in_line <= 1) return "first in line";
  return explained.rank === 1 ? `first in line of ${count(explained.in_line)}` : `place ${count(explained.rank)} of ${count(explained.in_line)} in line`;
}

function gateLines(explained: Explanation, now: number): GateLine[] {
  const first = explained.gates.findIndex((gate) => !gate.ok);
  const due = at(explained.not_before);
  return explained.gates.map((gate, index) => {
    const words = wordsOf(gate);
    // The answer's own countdown stands still; this one goes on.
    if (gate.kind === "retry_delay" && due !== null) words.text = due > now ? `over in ${duration(Math.ceil((due - now) / 1000))}` : "over";
    return { key: `${index}-${gate.kind}`, kind: gate.kind, ok: gate.ok, culprit: index === first, ...words, more: moreOf(gate, explained), tone: toneOfGate(gate.kind) };
  });
}

/** Each once, with all that it holds: who takes a slot and a device is one line. */
function holderLines(explained: Explanation): { holders: HolderLine[]; more: number } {
  const found = new Map<string, HolderLine>();
  let more = 0;
  for (const gate of explained.gates) {
    if (gate.ok) continue;
    more = Math.max(more, gate.more_blockers);
    for (const blocker of gate.blockers) {
      const who = whoOf(blocker);
      const key = `${who.dagId}/${who.runId}/${who.taskId ?? ""}/${who.mapIndex}`;
      const devices = blocker.devices.join(", ");
      const known = found.get(key);
      if (known) {
        if (devices) known.what = devices;
        continue;
      }
      found.set(key, {
        key, who, label: nameOf(who), elsewhere: who.dagId === explained.dag_id ? "" : who.dagId, what: devices || wordsOf(gate).title, state: blocker.state, startedAt: at(blocker.started_at),
        leftSeconds: blocker.left_s,
      });
    }
  }
  return { holders: [...found.values()], more };
}

/** Why the first closed gate is closed, in words that go on with "it". */
function causeOf(gate: Gate, explained: Explanation): Piece[] {
  const words = wordsOf(gate);
  const notBefore = at(explained.not_before);
  switch (gate.kind) {
    case "paused": return [{ text: "The DAG is paused: its scheduled runs start when it is active again" }];
    case "max_active_runs":
    case "backfill_limit": return [{ text: `Its run waits for a place: ${gate.text}` }];
    case "upstream": return [{ text: gate.blockers.length ? "Waits for " : `Waits for upstream tasks: ${gate.text}` }];
    case "retry_delay": return notBefore === null ? [{ text: `Waits for its next try: ${gate.text}` }] : [{ text: "Tries again at " }, { at: notBefore }];
    case "sensor": return [{ text: `Waits for ${sensorOf(gate.text)[0]}` }];
    case "child_run": return [{ text: `Waits for the run that it has started: ${gate.text}` }];
    case "not_before": return [{ text: gate.text.charAt(0).toUpperCase() + gate.text.slice(1) }];
    case "pool": return [{ text: "No slot free in pool " }, { text: poolOf(gate.text).name || words.title, strong: true }];
    case "max_active_tasks": return [{ text: `As many tasks run as may: ${gate.text}` }];
    case "cpu":
    case "memory": return [{ text: `Not enough ${gate.kind === "cpu" ? "CPU" : "memory"}: ${words.text}` }];
    case "gpu": return [{ text: `No device free: ${words.text}` }];
    case "share": return [{ text: gate.blockers.length ? "What it needs is kept for " : `Waits for its turn: ${gate.text}` }];
    default: return [{ text: `Waits: ${gate.text}` }];
  }
}

/** The culprit by name, since when, and how many are beside it. */
function culpritOf(gate: Gate): Piece[] {
  const first = gate.blockers[0];
  if (!first) return [];
  const leads = gate.kind === "upstream" || gate.kind === "share";
  const others = gate.blockers.length + gate.more_blockers - 1;
  const out: Piece[] = [];
  if (!leads) out.push({ text: gate.kind === "child_run" ? ": " : ", held by " });
  out.push({ who: whoOf(first), text: nameOf(whoOf(first)) });
  const since = at(first.started_at);
  if (since !== null && first.state === "running") out.push({ text: leads ? ", running since " : " since " }, { at: since });
  else if (leads && first.state) out.push({ text: `, which is ${wordOf(toState(first.state)).toLowerCase()}` });
  if (others > 0) out.push({ text: gate.kind === "upstream" ? `, and for ${count(others)} more` : `, and ${count(others)} more` });
  return out;
}

/** `exit:137` as `Exit code 137`, `timed_out` as `Timed out`. */
export function reasonWords(reason: string): string {
  const words = reason.replace(/^exit:/, "exit code ").replace(/^signal:/, "signal ").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function endedSentence(explained: Explanation): Piece[] {
  const state = toState(explained.state);
  const since = at(explained.since);
  const when: Piece[] = since === null ? [{ text: "." }] : [{ text: state === "upstream_failed" ? ", at " : " at " }, { at: since }, { text: "." }];
  const said: Partial<Record<typeof state, string>> = {
    success: "It succeeded", failed: "It failed", skipped: "It was skipped",
    upstream_failed: "It won't run because a task before it failed", removed: "It was removed: its DAG has no such task any more",
  };
  const cause = state === "failed" && explained.reason ? [{ text: ` ${reasonWords(explained.reason)}.` }] : [];
  return [{ text: said[state] ?? wordOf(state) }, ...when, ...cause];
}

export function sentenceOf(explained: Explanation): Piece[] {
  const state = toState(explained.state);
  if (["success", "failed", "upstream_failed", "skipped", "removed"].includes(state)) return endedSentence(explained);
  if (state === "running") {
    const since = at(explained.since);
    return since === null ? [{ text: "It is running." }] : [{ text: "It has been running since " }, { at: since }, { text: "." }];
  }
  const closed = explained.gates.find((gate) => !gate.ok);
  const out: Piece[] = closed ? [...causeOf(closed, explained), ...culpritOf(closed)] : [{ text: "Nothing stops it" }, { text: ", its turn is next" }];
  const place = placeOf(explained);
  if (place) out.push({ text: `. ${place.charAt(0).toUpperCase()}${place.slice(1)}` });
  const p50 = at(explained.starts_at?.p50 ?? null);
  if (p50 !== null && closed?.kind !== "retry_delay") out.push({ text: place ? ", starts at about " : ". Starts at about " }, { at: p50 });
  return [...out, { text: "." }];
}

/** Why there is no forecast (docs/explain.md, "When it starts"). */
function unknownOf(explained: Explanation): string {
  const kind = explained.gates.find((gate) => !gate.ok)?.kind;
  if (kind === "sensor" || kind === "child_run") return "not known: it is up to what it waits for";
  if (kind === "paused") return "not known: when the DAG is active again";
  return "not known: something on the way has no past durations";
}

function historyOf(explained: Explanation, now: number): ReasonSpan[] {
  return explained.history.map(({ from, to, gate }) => {
    const begin = Date.parse(from);
    const end = at(to);
    return {
      gate, label: REASONS[gate] ?? gate, tone: toneOfGate(gate), from: begin, to: end, seconds: Math.max(0, ((end ?? now) - begin) / 1000),
    };
  });
}

/** How long each reason lasted in all, the longest first. */
export function totalsOf(history: readonly ReasonSpan[]): ReasonTotal[] {
  const sums = new Map<string, ReasonTotal>();
  for (const { label, gate, tone, seconds } of history) {
    const sum = sums.get(label);
    if (sum) sum.seconds += seconds;
    else sums.set(label, { gate, label, tone, seconds });
  }
  return [...sums.values()].sort((a, b) => b.seconds - a.seconds);
}

export function whyOf(explained: Explanation, now: number): Why {
  const state = toState(explained.state);
  const waits = !["success", "failed", "upstream_failed", "skipped", "removed", "running"].includes(state);
  const { holders, more } = waits ? holderLines(explained) : { holders: [], more: 0 };
  const history = historyOf(explained, now);
  const p50 = at(explained.starts_at?.p50 ?? null);
  const p90 = at(explained.starts_at?.p90 ?? null);
  return {
    waits,
    question: waits ? "Why is it waiting?" : "It isn't waiting",
    sentence: sentenceOf(explained),
    gates: waits ? gateLines(explained, now) : [],
    holders,
    moreHolders: more,
    starts: p50 !== null && p90 !== null ? { p50, p90 } : null,
    unknown: unknownOf(explained),
    place: placeOf(explained),
    waitingSince: history[0]?.from ?? null,
    history,
    totals: totalsOf(history),
    whatIf: explained.whatif.map(({ change, starts_at }) => {
      const startsAt = at(starts_at);
      const same = startsAt !== null && p50 !== null && Math.abs(startsAt - p50) < 1000;
      return { change: change.charAt(0).toUpperCase() + change.slice(1), startsAt, same, now: startsAt !== null && startsAt <= now + 1000 };
    }),
  };
}
