import { memo } from "react";

import type { Forecast } from "@/model/forecast";
import { isFinal, type State, toneOf, wordOf } from "@/model/states";
import { type Interval, type TimeScale } from "@/model/time_scale";
import { type Instance, lengthOf, type Segment } from "@/model/run_timeline";
import { itemText, type Row } from "@/model/run_rows";
import { count, duration } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { Icon } from "@/ui/icon";

import css from "./gantt.module.css";

export const ROW = 27;
const BAR = 7.5; // its top within the row
const TALL = 12;
const THIN = 6;

interface Props {
  row: Row;
  index: number;
  of: number;
  /** Pixels of the names' column. */
  names: number;
  scale: TimeScale;
  now: number;
  item: unknown;
  selected: boolean;
  forecast: Forecast;
  critical: boolean;
  onOpen: () => void;
  onTurn: () => void;
}

const WORDS: Record<Segment["kind"], string> = {
  waiting: "waited for a place", queued: "queued", running: "ran", retry_delay: "waited to be tried again", sensor: "looked for its condition",
  child_run: "waited for its child run",
};

/** All that its bars say. */
function said({ segments, expectedS, state }: Instance, now: number): string {
  const lines = segments.map(({ kind, from, to, attempt, state: end }) => {
    const how = kind === "running" && to !== null ? `, ${wordOf(end).toLowerCase()}` : "";
    return `${WORDS[kind]} ${duration(((to ?? now) - from) / 1000)}${attempt > 0 && kind === "running" ? ` in try ${attempt}` : ""}${how}`;
  });
  if (!isFinal(state) && expectedS !== null) lines.push(`usually takes ${duration(expectedS)}`);
  return lines.join("\n");
}

function fillOf(state: State): string {
  // Cleared while it ran: nothing came of it.
  return state === "restarting" || toneOf(state) === "none" ? "var(--skipped)" : `var(--${toneOf(state)})`;
}

/** A bar from one instant to another: at least two pixels wide, so that it can be seen. */
function span(scale: TimeScale, from: number, to: number): { x: number; width: number } {
  const x = scale.x(from);
  return { x, width: Math.max(2, scale.x(to) - x - 1) };
}

function SegmentBar({ segment, scale, now }: { segment: Segment; scale: TimeScale; now: number }) {
  const to = segment.to ?? now;
  const { x, width } = span(scale, segment.from, to);
  const middle = { x, y: BAR + 3, width, height: THIN, rx: 2 };
  switch (segment.kind) {
    case "running":
      return (
        <g>
          <rect x={x} y={BAR} width={width} height={TALL} rx={Math.min(2.5, width / 2)} fill={fillOf(segment.state)} opacity={segment.state === "success" ? 0.82 : 1} />
          {segment.state === "failed" && width > 9 && (
            <path d={`M${x + width / 2 - 2.5} ${BAR + 3.5}l5 5m0-5l-5 5`} stroke="var(--failed-g)" strokeWidth="1.4" strokeLinecap="round" />
          )}
        </g>
      );
    case "queued": return <rect {...middle} fill="var(--queued)" opacity=".85"/>;
    case "sensor": return <rect {...middle} fill="var(--deferred)"/>;
    case "child_run": return <rect {...middle} fill="var(--deferred)" opacity=".6"/>;
    default:
      return (
        <rect
          x={x + 0.5} y={BAR + 3} width={Math.max(2, width - 1)} height={THIN} rx={2} fill="transparent" strokeOpacity={segment.kind === "waiting" ? 0.55 : 0.9}
          stroke={segment.kind === "waiting" ? "var(--scheduled)" : "var(--up_for_retry)"}
        />
      );
  }
}

function InstanceBars({ instance, scale, now, forecast, critical }: Pick<Props, "scale" | "now" | "forecast" | "critical"> & { instance: Instance }) {
  const expected = forecast.of.get(instance.key);
  const box = expected && expected.to > now ? span(scale, Math.max(expected.from, now), expected.to) : null;
  return (
    <>
      {instance.segments.map((segment, index) => <SegmentBar key={index} segment={segment} scale={scale} now={now} />)}
      {box && (
        <rect x={box.x + 0.5} y={BAR + 0.5} width={Math.max(3, box.width)} height={TALL - 1} rx={2.5} fill="transparent" stroke="var(--ink-3)" strokeDasharray="3 2.5" />
      )}
      {critical && forecast.critical.has(instance.key) && <Underline instance={instance} scale={scale} now={now} />}
    </>
  );
}

function Underline({ instance, scale, now }: { instance: Instance; scale: TimeScale; now: number }) {
  return (
    <>
      {instance.segments.filter(({ kind }) => kind === "running" || kind === "sensor" || kind === "child_run").map((segment) => {
        const { x, width } = span(scale, segment.from, segment.to ?? now);
        return <path key={segment.from} d={`M${x} 22.5h${width}`} stroke="var(--ink)" strokeWidth="1.8" strokeLinecap="round" />;
      })}
    </>
  );
}

type Summary = { state: State | "wait"; spans: Interval[] }[];
const summaries = new WeakMap<Instance[], Summary>();

/** When any member of a fold waited, and when any ran to which end: each end a lane of its own. */
function summaryOf(members: Instance[]): Summary {
  let found = summaries.get(members);
  if (found) return found;
  const by = new Map<State | "wait", Interval[]>();
  for (const { segments } of members) {
    for (const { kind, from, to, state } of segments) {
      const lane = kind === "running" ? state : "wait";
      const spans = by.get(lane) ?? by.set(lane, []).get(lane)!;
      spans.push({ from, to: to ?? Infinity });
    }
  }
  found = [];
  for (const [state, spans] of by) {
    spans.sort((a, b) => a.from - b.from);
    const merged: Interval[] = [];
    for (const one of spans) {
      const last = merged.at(-1);
      if (last && one.from <= last.to) last.to = Math.max(last.to, one.to);
      else merged.push({ ...one });
    }
    found.push({ state, spans: merged });
  }
  found.sort((a, b) => Number(b.state === "wait") - Number(a.state === "wait") || a.state.localeCompare(b.state));
  summaries.set(members, found);
  return found;
}

function FoldBars({ row, scale, now, forecast, critical }: Pick<Props, "scale" | "now" | "forecast" | "critical"> & { row: Exclude<Row, { kind: "task" }> }) {
  const summary = summaryOf(row.members);
  const lanes = summary.filter(({ state }) => state !== "wait").length;
  const laneOf = (at: number) => summary.slice(0, at).filter(({ state }) => state !== "wait").length;
  const way = critical ? row.members.find((member) => forecast.critical.has(member.key)) : undefined;
  return (
    <>
      {summary.flatMap(({ state, spans }, index) => {
        const y = state === "wait" ? BAR + 4 : BAR + (laneOf(index) * TALL) / lanes;
        return spans.map(({ from, to }) => {
          const { x, width } = span(scale, from, Math.min(to, now));
          return state === "wait"
            ? <rect key={`w${from}`} x={x} y={y} width={width} height={4} rx={2} fill="var(--scheduled)" opacity=".3" />
            : <rect key={state + from} x={x} y={y} width={width} height={TALL / lanes} rx={lanes > 1 ? 1 : 2.5} fill={fillOf(state)} opacity={state === "success" ? 0.82 : 1} />;
        });
      })}
      {way && <Underline instance={way} scale={scale} now={now} />}
    </>
  );
}

export const GanttRow = memo(function GanttRow({ row, index, of, names, scale, now, item, selected, forecast, critical, onOpen, onTurn }: Props) {
  const fold = row.kind !== "task";
  const state = fold ? row.state : row.instance.state;
  const ms = fold ? null : lengthOf(row.instance, now);
  const label = fold ? row.id : row.instance.mapIndex < 0 ? row.instance.task : item === undefined ? `[${row.instance.mapIndex}]` : itemText(item);
  const more = fold ? `${count(row.done)} of ${count(row.members.length)}` : ms === null ? "" : duration(ms / 1000);
  const showsBars = !fold || !row.open;
  return (
    <div
      className={css.row} role="listitem" aria-setsize={of} aria-posinset={index + 1} data-selected={selected} data-first={index === 0}
      style={{ top: index * ROW }}
    >
      <span className={css.name} style={{ width: names - 8, paddingLeft: 12 + row.depth * 18 }}>
        {fold && (
          <button
            type="button" className={row.kind === "group" ? `${css.turn} ${css.whole}` : css.turn} aria-expanded={row.open} onClick={onTurn}
            aria-label={`${row.id}, ${more} done: ${row.open ? "close" : "open"}`}
          ><Icon name={row.open ? "chevron" : "chevron_right"} size={12} /></button>
        )}
        {row.kind !== "group" && <Glyph state={state} size={13} label="" />}
        {row.kind === "group"
          ? <b className="ellipsis">{label}</b>
          : (
            <button
              type="button" className={`${css.label} ${css.whole}`} aria-current={selected} title={`${label}\n${fold ? `${more} done` : said(row.instance, now)}`} onClick={onOpen}
              aria-label={`${fold || row.instance.mapIndex < 0 ? "" : `${row.instance.task} `}${label}, ${wordOf(state).toLowerCase()}${more ? `, ${more}` : ""}`}
            >{label}</button>
          )}
        {fold && <span className="dim nowrap">{more}</span>}
        <span className="space" />
        {!fold && <span className={`dim nowrap ${css.took}`}>{more}</span>}
      </span>
      {showsBars && (
        <svg className={css.bars} style={{ left: names }} width={scale.width + 12} height={ROW} aria-hidden>
          {fold
            ? <FoldBars row={row} scale={scale} now={now} forecast={forecast} critical={critical} />
            : <InstanceBars instance={row.instance} scale={scale} now={now} forecast={forecast} critical={critical} />}
        </svg>
      )}
    </div>
  );
});
