import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { runPath } from "@/model/run_address";
import { flagsOf, kindOf, needsOf, retriesOf, sortedRows, taskRows, type TaskRow, timeoutOf } from "@/model/task_list";
import { count, duration, executionDate } from "@/model/time";
import { Choice, Field } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { useNarrow } from "@/ui/narrow";
import { Empty, Shown } from "@/ui/notes";
import { Pager } from "@/ui/pager";
import { useFilterKey, useRowKeys } from "@/ui/rows";
import { Card, StateWord, Tag } from "@/ui/surface";
import { Tip } from "@/ui/tip";
import { at, link, setQuery, useKeptScroll, useParam } from "@/ui/url";

import type { DagDetails, DagTab } from "./index";
import { useLastStates } from "./last_states";
import css from "./tasks.module.css";

const LIMIT = 200;
const RUNS = 60;
const ORDERS = [
  { value: "file", label: "As in the file" }, { value: "name", label: "By name" }, { value: "p50", label: "Slowest median first" },
  { value: "p90", label: "Slowest 9 in 10 first" },
];

export default function TasksTab({ dag }: DagTab) {
  const path = { dag_id: dag.dag_id };
  const tasks = useQuery(read("/api/v2/dags/{dag_id}/tasks", { path }));
  const durations = useQuery(read("/api/v2/ui/dags/{dag_id}/durations", { path, query: { runs: RUNS } }));
  const grid = useLastStates(dag.dag_id, 10);
  useTopic(`dag:${dag.dag_id}`, (events) => {
    if (events.some(({ type }) => type === "ti" || type === "run" || type === "reset")) renewSoon(3_000, "/api/v2/ui/dags/{dag_id}/grid");
    if (events.some((event) => event.type === "reset" || (event.type === "run" && (event.data.state === "success" || event.data.state === "failed")))) {
      renewSoon(10_000, "/api/v2/ui/dags/{dag_id}/durations");
    }
    if (events.some(({ type }) => type === "dag" || type === "reset")) renewSoon(1_000, "/api/v2/dags/{dag_id}/tasks");
  });
  const [filter, setFilter] = useParam("q");
  const [order, setOrder] = useParam("order", "file");
  const offset = Number(useParam("offset", "0")[0]) || 0;
  const all = useMemo(() => tasks.data && taskRows(tasks.data.tasks, grid, durations.data), [tasks.data, grid, durations.data]);
  const found = useMemo(() => all && sortedRows(all, order, filter), [all, order, filter]);
  const shown = found?.slice(offset, offset + LIMIT);
  const narrow = useNarrow();
  const field = useRef<HTMLInputElement>(null);
  const body = useKeptScroll<HTMLDivElement>("tasks");
  useFilterKey(field);
  useRowKeys(body);
  const runs = durations.data?.runs.length ?? 0;
  return (
    <Card
      title="Tasks"
      about={<Tag>v{dag.version_number}</Tag>}
      tools={<>
        <Field label="Filter tasks" placeholder="Filter tasks" icon="filter" type="search" value={filter} inputRef={field} className={css.filter!} onChange={(next) => {
          setFilter(next || null);
          setQuery({ offset: null });
        }} />
        <Choice label="Order" value={order} options={ORDERS} onChange={setOrder} />
      </>}
      foot={all && <>
        <span>{found!.length === all.length ? count(all.length) : `${count(found!.length)} of ${count(all.length)}`} {all.length === 1 ? "task" : "tasks"}</span>
        {runs > 0 && <span>durations of the last {runs === 1 ? "run" : `${runs} runs`}, successful tries alone</span>}
        <span className="space" />
        <Pager offset={offset} limit={LIMIT} shown={shown!.length} total={found!.length} onOffset={(next) => setQuery({ offset: next || null }, "push")} />
      </>}
      className={css.card!}
    >
      <div className={css.scroll} ref={body}>
        <Shown query={{ ...tasks, data: shown }} what="The tasks can't be read" lines={8}>
          {(rows) => rows.length ? (narrow ? <Rows dag={dag} rows={rows} /> : <Table dag={dag} rows={rows} />) : <Empty title="No task fits the filter" />}
        </Shown>
      </div>
    </Card>
  );
}

/** Its place in the file. */
function Name({ dag, row: { task } }: { dag: DagDetails; row: TaskRow }) {
  return (
    <span className={css.name}>
      <Link href={`${link(at("dags", dag.dag_id, "code"), { v: dag.version_number })}#L${task.line}`} className="strong ellipsis" title={`${task.task_id}, line ${task.line} of the file`}>{task.task_id}</Link>
      {task.doc_md && <Tip text={task.doc_md}><span className="dim small ellipsis">{task.doc_md}</span></Tip>}
    </span>
  );
}

function Last({ dag, row: { task, last } }: { dag: DagDetails; row: TaskRow }) {
  if (!last) return <span className="dim">never</span>;
  const zone = dag.timezone ?? "UTC";
  const date = executionDate(last.run.execution_date, zone);
  return (
    <Link href={runPath(dag.dag_id, last.run, zone, { task: task.task_id })} className={css.last} title={`in the run ${last.run.run_id}`}>
      <StateWord state={last.state} /><span className="dim small mono">{date}</span>
    </Link>
  );
}

function Table({ dag, rows }: { dag: DagDetails; rows: TaskRow[] }) {
  return (
    <table className={`list ${css.table}`}>
      <thead>
        <tr>
          <th>Task</th><th>Kind</th><th>Depends on</th><th>Pool</th><th>Needs</th><th>Retries</th><th>Timeout</th><th>Last state</th>
          <th className="right"><abbr title="Half of the tries took at most this long">p50</abbr></th>
          <th className="right"><abbr title="Nine of ten tries took at most this long">p90</abbr></th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const { task } = row;
          return (
            <tr key={task.task_id} data-row={task.task_id}>
              <td><Name dag={dag} row={row} /></td>
              <td><span className="row gap6">{kindOf(task)}{flagsOf(task).map((flag) => <Tag key={flag}>{flag}</Tag>)}</span></td>
              <td className="mid"><Upstream ids={task.upstream_task_ids} /></td>
              <td className="mid">{task.pool}{task.pool_slots > 1 && <span className="dim"> · {task.pool_slots} slots</span>}</td>
              <td className="mid">{needsOf(task) || <None />}</td>
              <td className="mid">{retriesOf(task) || <None />}</td>
              <td className="mid">{timeoutOf(task) || <None />}</td>
              <td><Last dag={dag} row={row} /></td>
              <td className="right">{duration(row.p50)}</td>
              <td className="right mid">{duration(row.p90)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function None() {
  return <span className="dim">–</span>;
}

function Upstream({ ids }: { ids: readonly string[] }) {
  if (!ids.length) return <None />;
  const rest = ids.length - 2;
  return (
    <Tip text={ids.slice(0, 40).join("\n") + (ids.length > 40 ? `\nand ${ids.length - 40} more` : "")}>
      <span className={css.upstream} tabIndex={rest > 0 ? 0 : undefined}>
        <span className="ellipsis">{ids.slice(0, 2).join(", ")}</span>
        {rest > 0 && <span className="dim nowrap">and {rest} more<span className="hidden">: {ids.slice(2).join(", ")}</span></span>}
      </span>
    </Tip>
  );
}

/** On a phone: what it is, how it went, how long it takes. */
function Rows({ dag, rows }: { dag: DagDetails; rows: TaskRow[] }) {
  return (
    <ul className={css.rows}>
      {rows.map((row) => (
        <li key={row.task.task_id} data-row={row.task.task_id}>
          {row.last ? <Link href={runPath(dag.dag_id, row.last.run, dag.timezone, { task: row.task.task_id })} className={css.glyph}><Glyph state={row.last.state} size={16} /></Link> : <span className={css.glyph}><Glyph state={null} size={16} label="never ran" /></span>}
          <span className={css.two}>
            <Name dag={dag} row={row} />
            <span className="dim small ellipsis">{[kindOf(row.task), ...flagsOf(row.task), needsOf(row.task), retriesOf(row.task) && `retries ${retriesOf(row.task)}`].filter(Boolean).join(" · ")}</span>
            {row.task.upstream_task_ids.length > 0 && <span className="dim small ellipsis">after {row.task.upstream_task_ids.join(", ")}</span>}
          </span>
          <span className={css.times}><span>{duration(row.p50)}</span><span className="dim small">{duration(row.p90)}</span></span>
        </li>
      ))}
    </ul>
  );
}
