import "uplot/dist/uPlot.min.css";

import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";

import { axisLabels, datesOf, type Durations, secondsOf, versionMarks, WHOLE_RUN } from "@/model/durations";
import { runPath } from "@/model/run_address";
import { toState, wordOf } from "@/model/states";
import { duration, executionDate, partsIn } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { token, useTheme } from "@/ui/theme";
import { useGo } from "@/ui/url";

import css from "./durations.module.css";
import { inkOf, Line } from "./durations_lines";

interface Props {
  dagId: string;
  zone: string;
  data: Durations;
  chosen: readonly string[];
  log: boolean;
}

const LABEL = `11px "Inter Variable", system-ui, sans-serif`;

/** Dashed lines with a version's name where a new one came into force; a mark on the run's line where a run failed. */
function drawMarks(plot: uPlot, data: Durations, failedAt: (run: number) => number | null): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = LABEL.replace("11px", `${11 * scale}px`);
  ctx.textAlign = "center";
  let free = -Infinity;
  for (const { run, version } of versionMarks(data.runs)) {
    const x = Math.round(plot.valToPos(plot.data[0][run]!, "x", true));
    ctx.strokeStyle = token("--edge");
    ctx.setLineDash([3 * scale, 3 * scale]);
    ctx.lineWidth = scale;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const text = `v${version}`;
    const half = ctx.measureText(text).width / 2 + 4 * scale;
    if (x - half < free) continue;
    free = x + half;
    ctx.fillStyle = token("--ink-3");
    ctx.fillText(text, x, bbox.top - 5 * scale);
  }
  ctx.setLineDash([]);
  ctx.lineWidth = 1.6 * scale;
  ctx.strokeStyle = token("--failed");
  data.runs.forEach((run, index) => {
    const value = run.state === "failed" ? failedAt(index) : null;
    if (value === null) return;
    const [x, y, r] = [plot.valToPos(plot.data[0][index]!, "x", true), plot.valToPos(value, "y", true), 3.5 * scale];
    ctx.beginPath();
    ctx.moveTo(x - r, y - r);
    ctx.lineTo(x + r, y + r);
    ctx.moveTo(x + r, y - r);
    ctx.lineTo(x - r, y + r);
    ctx.stroke();
  });
  ctx.restore();
}

function optionsOf({ zone, chosen, log, data }: Props, point: (run: number | null) => void): Omit<uPlot.Options, "width" | "height"> {
  const line = { stroke: () => token("--line"), width: 1 };
  const words = { font: LABEL, stroke: () => token("--ink-3"), ticks: { show: false } };
  return {
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
    legend: { show: false },
    padding: [18, 14, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7, width: 0, fill: (plot, series) => inkOf(series - 1, plot.series[series]!.label === WHOLE_RUN).color() } },
    scales: { x: { time: true, range: (_, first, last) => (first < last ? [first, last] : [first - 43_200, first + 43_200]) }, y: log ? { distr: 3, log: 10 } : { range: (_, __, most) => [0, (most ?? 1) * 1.06] } },
    axes: [
      { ...words, grid: { show: false }, border: { show: true, stroke: () => token("--line-2"), width: 1 }, size: 34, space: 62,
        values: (_, places, __, ___, step) => axisLabels(places, step, (ms) => partsIn(zone, ms)) },
      { ...words, grid: line, size: 62, space: 52, values: (_, places) => places.map((place) => (place === null ? "" : place === 0 ? "0" : duration(place).replace(/ 00[ms]$|\.0(?= s)/, ""))) },
    ],
    series: [{}, ...chosen.map((id, index) => {
      const { color, dash } = inkOf(index, id === WHOLE_RUN);
      return { label: id, stroke: color, width: id === WHOLE_RUN ? 1.75 : 1.4, ...(dash.length ? { dash } : {}), spanGaps: true, points: { show: data.runs.length < 12, size: 5 } };
    })],
    hooks: {
      draw: [(plot) => drawMarks(plot, data, (run) => {
        for (let series = 1; series < plot.data.length; series += 1) {
          if (plot.series[series]!.label === WHOLE_RUN) return (plot.data[series] as (number | null)[])[run] ?? null;
        }
        return null;
      })],
      setCursor: [(plot) => point(plot.cursor.idx ?? null)],
    },
  };
}

/** A line for each of the chosen over the execution dates. Arrows move from run to run, Enter opens one; the table beside it says the same. */
export default function DurationsChart(props: Props) {
  const { dagId, zone, data, chosen, log } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const [at, setAt] = useState<number | null>(null);
  const theme = useTheme();
  const go = useGo();
  const lines = useMemo(() => chosen.map((id) => secondsOf(data, id)), [data, chosen]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const size = () => ({ width: element.clientWidth, height: Math.max(180, element.clientHeight) });
    // A logarithm has no zero: what took less than a millisecond is drawn as one.
    const values = log ? lines.map((line) => line.map((value) => (value === null ? null : Math.max(0.001, value)))) : lines;
    const made = new uPlot({ ...optionsOf({ dagId, zone, data, chosen, log }, setAt), ...size() }, [datesOf(data.runs), ...values], element);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize(size()));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.current = null;
      made.destroy();
    };
  }, [dagId, zone, data, chosen, log, lines]);
  useEffect(() => {
    // Colours are read as it draws.
    plot.current?.redraw(false, true);
  }, [theme]);

  const shown = at === null ? null : data.runs[at];
  const open = (run: number | null) => {
    const found = run === null ? null : data.runs[run];
    if (found) go(runPath(dagId, found, zone));
  };
  const move = (event: KeyboardEvent) => {
    const last = data.runs.length - 1;
    const next = { ArrowRight: at === null ? 0 : at + 1, ArrowLeft: at === null ? last : at - 1, Home: 0, End: last }[event.key];
    if (event.key === "Enter" && at !== null) open(at);
    else if (event.key === "Escape" && at !== null) plot.current?.setCursor({ left: -10, top: -10 });
    else if (next !== undefined && plot.current) {
      const run = Math.max(0, Math.min(last, next));
      plot.current.setCursor({ left: plot.current.valToPos(plot.current.data[0][run]!, "x"), top: 20 });
    } else return;
    event.preventDefault();
  };
  return (
    <div className={css.chart}>
      <div className={css.values}>
        {shown ? <>
          <span className="row gap6"><Glyph state={toState(shown.state)} size={13} label="" /><b className="strong mono">{executionDate(shown.execution_date, zone)}</b><span className="mid">{wordOf(toState(shown.state)).toLowerCase()}, v{shown.version}</span></span>
          {chosen.map((id, index) => <span key={id} className="row gap6"><Line index={index} whole={id === WHOLE_RUN} /><span className="mid">{id}</span><b className="strong">{duration(lines[index]![at!])}</b></span>)}
        </> : <span className="dim">Point at a run, or move with the arrow keys; a click or Enter opens it</span>}
      </div>
      <div
        ref={box} className={css.plot} tabIndex={0} role="slider" aria-valuemin={0} aria-valuemax={data.runs.length - 1} aria-valuenow={at ?? 0}
        aria-valuetext={shown ? `${executionDate(shown.execution_date, zone)}, ${wordOf(toState(shown.state)).toLowerCase()}: ${chosen.map((id, index) => `${id} ${duration(lines[index]![at!])}`).join(", ")}` : "no run"}
        aria-label={`Run of ${dagId} in the chart of durations; Enter opens it`}
        onKeyDown={move} onClick={() => open(at)}
      />
    </div>
  );
}
