import { type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";

import { drawLanes, LANE_HEIGHT, lanesColors } from "@/canvas/lanes";
import type { Lane, LaneBar, Overview } from "@/model/overview";
import { runPath } from "@/model/run_address";
import { wordOf } from "@/model/states";
import { clock, duration } from "@/model/time";
import { barsAt, laneState, type Scale, ticksOf, xOf } from "@/model/timeline";
import { IconButton } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { useHover } from "@/ui/hover";
import { Card, StateWord } from "@/ui/surface";
import { useTheme } from "@/ui/theme";
import { at, useGo, useParam } from "@/ui/url";
import { Instant, useClock, useSteps, useZone } from "@/ui/zone";

import css from "./overview.module.css";

const AXIS = 22;
const NAMES = 172;
const TABLE_ROWS = 300;

/** The size of an element, and how far it is scrolled. */
function useView() {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ width: 0, height: 0, top: 0 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => setView({ width: element.clientWidth, height: element.clientHeight, top: element.scrollTop });
    const watch = new ResizeObserver(look);
    watch.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  return [box, view] as const;
}

function barWords(bar: LaneBar, zone: string, now: number): string {
  if (bar.planned) return `Planned ${clock(Date.parse(bar.start), zone)}`;
  const start = Date.parse(bar.start);
  const end = bar.end ? Date.parse(bar.end) : null;
  const lasted = `${clock(start, zone)} ${end ? `to ${clock(end, zone)}` : "until now"} · ${duration(((end ?? now) - start) / 1000)}`;
  return `${bar.run_id}\n${wordOf(bar.state ?? "none")} · ${lasted}`;
}

function placeWords(dagId: string, bars: LaneBar[], zone: string, now: number): string {
  if (!bars.length) return "";
  if (bars.length === 1) return `${dagId}\n${barWords(bars[0]!, zone, now)}`;
  const counts = (["failed", "running", "queued", "success"] as const)
    .map((state) => [bars.filter((bar) => bar.state === state).length, wordOf(state).toLowerCase()] as const)
    .filter(([n]) => n > 0)
    .map(([n, word]) => `${n} ${word}`);
  const planned = bars.filter((bar) => bar.planned).length;
  if (planned) counts.push(`${planned} planned`);
  return `${dagId}\n${bars.length} runs: ${counts.join(", ")}\n${barWords(bars[0]!, zone, now)}`;
}

function Lanes({ overview }: { overview: Overview }) {
  const [box, view] = useView();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { zone } = useZone();
  const look = useTheme();
  const go = useGo();
  const window = Date.parse(overview.to) - Date.parse(overview.from);
  // Half a pixel at a time.
  const now = useSteps(Math.min(30_000, Math.max(1_000, window / Math.max(1, view.width - NAMES) / 2)));
  const label = useClock((at) => clock(at, zone).slice(0, 5));
  // The window moves with the clock, a quarter of it is to come; the answer it is drawn from is a little older.
  const scale: Scale = useMemo(() => ({ from: now - window * 0.75, to: now + window * 0.25, width: Math.max(1, view.width - NAMES) }), [now, window, view.width]);
  const ticks = useMemo(() => ticksOf(scale, zone), [scale, zone]);
  const first = Math.max(0, Math.floor(view.top / LANE_HEIGHT));
  const room = Math.ceil(view.height / LANE_HEIGHT) + 1;
  const shown = useMemo(() => overview.lanes.slice(first, first + room), [overview.lanes, first, room]);
  const height = Math.max(LANE_HEIGHT * shown.length, view.height - AXIS);
  const colors = useMemo(() => (look ? lanesColors() : lanesColors()), [look]);
  useEffect(() => {
    if (canvas.current && view.width) drawLanes(canvas.current, { lanes: shown, scale, height, ticks, now }, colors);
  }, [shown, scale, height, ticks, now, colors, view.width]);

  const here = (event: MouseEvent): [Lane | undefined, LaneBar[]] => {
    const rect = event.currentTarget.getBoundingClientRect();
    const lane = shown[Math.floor((event.clientY - rect.top) / LANE_HEIGHT)];
    return [lane, lane ? barsAt(lane.bars, scale, now, event.clientX - rect.left) : []];
  };
  const hover = useHover((event) => {
    const [lane, bars] = here(event);
    return lane ? placeWords(lane.dag_id, bars, zone, now) : "";
  }, (event) => {
    const [lane, bars] = here(event);
    const run = bars.find((bar) => bar.run_id)?.run_id;
    if (lane && run) go(runPath(lane.dag_id, run));
  });
  const nowX = xOf(scale, now);
  return (
    <div className={css.lanes} ref={box} tabIndex={0} role="region" aria-label="Timeline">
      <div className={css.axis} aria-hidden>
        <div>
          {ticks.filter((tick) => (tick.x < nowX - 58 || tick.x > nowX + 20) && tick.x < scale.width - 14).map((tick) => <span key={tick.at} style={{ left: tick.x }}>{tick.label}</span>)}
          <b style={{ left: nowX }}>{label}</b>
        </div>
      </div>
      <div style={{ height: overview.lanes.length * LANE_HEIGHT, minHeight: view.height - AXIS, position: "relative" }}>
        <ul className={css.names} style={{ top: first * LANE_HEIGHT }} aria-label="DAGs with runs in this window">
          {shown.map((lane) => (
            <li key={lane.dag_id}><Glyph state={laneState(lane.bars)} size={11} /><Link href={at("dags", lane.dag_id)} className="ellipsis">{lane.dag_id}</Link></li>
          ))}
        </ul>
        <canvas
          ref={canvas}
          className={css.canvas}
          style={{ top: first * LANE_HEIGHT, width: scale.width, height, cursor: hover.over ? "pointer" : "default" }}
          role="img"
          aria-label={`Runs of ${overview.lanes.length} DAGs over time. The same as a table: the button in the header.`}
          {...hover.events}
        />
        {hover.tip}
      </div>
    </div>
  );
}

/** The same in rows, for those who don't see the drawing or want its figures. */
function LanesTable({ overview }: { overview: Overview }) {
  const rows = useMemo(() => overview.lanes
    .flatMap((lane) => lane.bars.map((bar) => ({ dag: lane.dag_id, bar })))
    .sort((a, b) => Date.parse(b.bar.start) - Date.parse(a.bar.start)), [overview.lanes]);
  return (
    <div className={css.lanes} tabIndex={0} role="region" aria-label="Timeline as a table">
      <table className="list">
        <thead><tr><th>DAG</th><th>Run</th><th>State</th><th>Start</th><th>End</th><th className="right">Duration</th></tr></thead>
        <tbody>
          {rows.slice(0, TABLE_ROWS).map(({ dag, bar }) => (
            <tr key={`${dag} ${bar.run_id ?? bar.start}`}>
              <td><Link href={at("dags", dag)}>{dag}</Link></td>
              <td className="mono">{bar.run_id ? <Link href={runPath(dag, bar.run_id)}>{bar.run_id}</Link> : <span className="dim">planned</span>}</td>
              <td>{bar.state ? <StateWord state={bar.state} /> : <StateWord state="scheduled" text="Planned" />}</td>
              <td><Instant at={bar.start} /></td>
              <td><Instant at={bar.end} /></td>
              <td className="right">{bar.end && !bar.planned ? duration((Date.parse(bar.end) - Date.parse(bar.start)) / 1000) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > TABLE_ROWS && <p className={`dim ${css.calm}`}>The newest {TABLE_ROWS} of {rows.length}. <Link href="/runs">All runs</Link></p>}
    </div>
  );
}

export function Timeline({ overview }: { overview: Overview }) {
  const [view, setView] = useParam("timeline");
  const table = view === "table";
  return (
    <Card
      title="Timeline"
      about={<span className={`dim ellipsis ${css.about}`}>{overview.truncated ? "the newest 2,000 runs, and planned ones" : "runs by DAG, now and next"}</span>}
      tools={
        <>
          <span className={`row gap12 dim small ${css.legend}`} aria-hidden>
            {(["success", "running", "queued", "failed"] as const).map((state) => <StateWord key={state} state={state} />)}
            <span className="row gap6"><i />Planned</span>
          </span>
          <IconButton icon="table" size={14} label={table ? "Show as a drawing" : "Show as a table"} aria-pressed={table} onClick={() => setView(table ? null : "table")} />
        </>
      }
    >
      {overview.lanes.length === 0 ? <p className={`dim ${css.calm}`}>No run in this window, and none planned in it.</p>
        : table ? <LanesTable overview={overview} /> : <Lanes overview={overview} />}
    </Card>
  );
}
