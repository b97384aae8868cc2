import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { chosenOf, type Durations, listedOf, MOST_LINES, type Range, rangesOf, secondsOf, WHOLE_RUN } from "@/model/durations";
import { runPath } from "@/model/run_address";
import { count, duration, executionDate } from "@/model/time";
import { Field, Segments } from "@/ui/controls";
import { Empty, ErrorNote, Loading, Shown } from "@/ui/notes";
import { Card, CardBody, StateWord } from "@/ui/surface";
import { useParam } from "@/ui/url";

import css from "./durations.module.css";
import { Line } from "./durations_lines";
import type { DagDetails, DagTab } from "./index";

const Chart = lazy(() => import("./durations_chart"));
const RUNS = ["30", "60", "120", "200"] as const;

export default function DurationsTab({ dag }: DagTab) {
  const [asked, setRuns] = useParam("runs", "60");
  const runs = RUNS.find((each) => each === asked) ?? "60";
  const query = useQuery({
    ...read("/api/v2/ui/dags/{dag_id}/durations", { path: { dag_id: dag.dag_id }, query: { runs: Number(runs) } }), placeholderData: keepPreviousData,
  });
  useTopic(`dag:${dag.dag_id}`, (events) => {
    if (events.some((event) => event.type === "reset" || (event.type === "run" && (event.data.state === "success" || event.data.state === "failed")))) {
      renewSoon(3_000, "/api/v2/ui/dags/{dag_id}/durations");
    }
  });
  const [names, setNames] = useParam("tasks");
  const [view, setView] = useParam("view", "chart");
  const [scale, setScale] = useParam("scale", "linear");
  const ranges = useMemo(() => (query.data ? rangesOf(query.data) : []), [query.data]);
  const chosen = useMemo(() => chosenOf(names, ranges), [names, ranges]);
  const [filter, setFilter] = useState("");
  const listed = useMemo(() => listedOf(ranges, filter, chosen), [ranges, filter, chosen]);
  const toggle = (id: string) => setNames(chosen.includes(id) ? chosen.filter((each) => each !== id).join(",") || null : [...chosen, id].join(","));
  const zone = dag.timezone ?? "UTC";
  return (
    <div className={css.panes}>
      <Card
        title="Duration per run"
        about={query.data && <span className="dim nowrap">{query.data.runs.length === 1 ? "1 run" : `${count(query.data.runs.length)} runs`}</span>}
        tools={<>
          <Segments label="Runs" value={runs} options={RUNS} onChange={setRuns} />
          {view !== "table" && <Segments label="Scale" value={scale === "log" ? "log" : "linear"} options={[{ value: "linear", label: "Linear" }, { value: "log", label: "Log" }]} onChange={setScale} />}
          <Segments label="Shown as" value={view === "table" ? "table" : "chart"} options={[{ value: "chart", label: "Chart" }, { value: "table", label: "Table" }]} onChange={setView} />
        </>}
        foot={<><span>Execution dates in {zone}</span><span className="space" /><span className="row gap6"><i className={css.cross} aria-hidden>×</i>failed run</span><span>dashed line: a new version</span></>}
        className={css.main!}
      >
        <Shown query={query} what="The durations can't be read" lines={8}>
          {(data) => data.runs.length === 0 ? <Empty title="No runs yet" command={`millrace run ${dag.dag_id}`} />
            : view === "table" ? <CardBody label="Durations of runs"><RunTable dag={dag} data={data} chosen={chosen} zone={zone} /></CardBody>
            : <Suspense fallback={<Loading lines={6} />}><Chart dagId={dag.dag_id} zone={zone} data={data} chosen={chosen} log={scale === "log"} /></Suspense>}
        </Shown>
      </Card>
      <Card
        title="Tasks" className={css.side!}
        tools={ranges.length > 12 && <Field label="Filter tasks" placeholder="Filter tasks" icon="filter" type="search" value={filter} className={css.filter!} onChange={setFilter} />}
        foot={<><span>p50 and p90: half and nine in ten took at most this</span>{listed.more > 0 && <><span className="space" /><span>{count(listed.more)} quicker ones aren't shown</span></>}</>}
      >
        {query.data ? <CardBody label="Tasks and their durations"><Ranges ranges={listed.rows} chosen={chosen} onToggle={toggle} /></CardBody>
        : query.error ? <ErrorNote error={query.error} /> : <Loading />}
      </Card>
    </div>
  );
}

/** A bar up to the median, a thin line on to the ninth decile. */
function Ranges({ ranges, chosen, onToggle }: { ranges: readonly Range[]; chosen: readonly string[]; onToggle: (id: string) => void }) {
  const most = Math.max(...ranges.map((range) => range.p90 ?? 0), 1e-9);
  return (
    <table className={`list ${css.ranges}`}>
      <thead><tr><th>Line</th><th>Range</th><th className="right">p50</th><th className="right">p90</th></tr></thead>
      <tbody>
        {ranges.map((range) => {
          const at = chosen.indexOf(range.id);
          return (
            <tr key={range.id}>
              <td>
                <label className={css.pick}>
                  <input type="checkbox" checked={at >= 0} disabled={range.p90 === null || (at < 0 && chosen.length >= MOST_LINES)} onChange={() => onToggle(range.id)} />
                  {at >= 0 ? <Line index={at} whole={range.id === WHOLE_RUN} /> : <i className={css.noLine} />}
                  <span className={range.id === WHOLE_RUN ? "strong ellipsis" : "ellipsis"} title={range.id}>{range.id}</span>
                </label>
              </td>
              <td className={css.range}>
                {range.p50 !== null && range.p90 !== null && (
                  <span className={css.track}><i style={{ width: `${(100 * range.p50) / most}%` }} /><b style={{ left: `${(100 * range.p50) / most}%`, width: `${(100 * (range.p90 - range.p50)) / most}%` }} /></span>
                )}
              </td>
              <td className="right">{duration(range.p50)}</td>
              <td className="right mid">{duration(range.p90)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** The lines as words, the newest run first. */
function RunTable({ dag, data, chosen, zone }: { dag: DagDetails; data: Durations; chosen: readonly string[]; zone: string }) {
  const lines = chosen.map((id) => secondsOf(data, id));
  return (
    <table className="list">
      <thead><tr><th>Execution date</th><th>State</th><th>Version</th>{chosen.map((id) => <th key={id} className="right">{id}</th>)}</tr></thead>
      <tbody>
        {data.runs.map((run, index) => (
          <tr key={run.run_id}>
            <td><Link href={runPath(dag.dag_id, run, zone)} className="mono strong" title={run.run_id}>{executionDate(run.execution_date, zone)}</Link></td>
            <td><StateWord state={run.state} /></td>
            <td className="dim">v{run.version}</td>
            {lines.map((line, column) => <td key={chosen[column]} className="right">{duration(line[index])}</td>)}
          </tr>
        )).reverse()}
      </tbody>
    </table>
  );
}
