import { memo } from "react";
import { Link } from "wouter";

import { setPaused } from "@/actions/pause";
import { useMay } from "@/api/queries";
import { noNextRun, trendWords } from "@/model/dag_list";
import type { UiDag } from "@/model/overview";
import { runPath } from "@/model/run_address";
import { scheduleWords } from "@/model/schedule_words";
import { count, duration, executionDate } from "@/model/time";
import { Switch } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { Icon } from "@/ui/icon";
import { Tag } from "@/ui/surface";
import { Tip } from "@/ui/tip";
import { at, setQuery, useParam } from "@/ui/url";
import { Instant, useSteps } from "@/ui/zone";

import css from "./dags.module.css";
import { LastRuns } from "./last_runs";

export function Latest({ dag }: { dag: UiDag }) {
  const run = dag.last_runs.at(-1);
  // While older dates run (a backfill), the newest date's run isn't what moves.
  const others = dag.running + dag.queued - (run && (run.state === "running" || run.state === "queued") ? 1 : 0);
  return (
    <span className="row gap6">
      {run && <Link href={runPath(dag.dag_id, run, dag.timezone)} className="row gap6"><span className="hidden">Latest run of {dag.dag_id}, {run.state}, </span><Glyph state={run.state} size={13} label="" /><span className="mid">{run.end ?? run.start ? <Instant at={run.end ?? run.start} /> : run.state}</span></Link>}
      {!run && <span className="dim">never</span>}
      {others > 0 && <span className="row gap4 dim small"><Glyph state={dag.running ? "running" : "queued"} size={11} label="" />{run ? "+" : ""}{count(others)}</span>}
    </span>
  );
}

export function NextRun({ dag }: { dag: UiDag }) {
  if (dag.next_run_at && !dag.is_paused) return <Instant at={dag.next_run_at} as="relative" />;
  return <span className="dim">{noNextRun(dag)}</span>;
}

function Median({ dag }: { dag: UiDag }) {
  const trend = trendWords(dag.trend);
  return (
    <span className={css.median}>
      {duration(dag.p50_s)}
      <span className={trend?.slower ? "warn" : "dim"}>{trend?.text ?? ""}</span>
    </span>
  );
}

const Row = memo(function Row({ dag, now, may }: { dag: UiDag; now: number; may: boolean }) {
  const words = scheduleWords(dag.schedule_text);
  const freshest = dag.freshest_output;
  return (
    <tr data-row={dag.dag_id}>
      <td className={css.name}>
        <span className="row gap8">
          <Link href={at("dags", dag.dag_id)} className="strong ellipsis">{dag.dag_id}</Link>
          {dag.tags.slice(0, 3).map((tag) => (
            <button key={tag} type="button" className={css.tag} aria-label={`Only DAGs with the tag ${tag}`} onClick={() => setQuery({ q: `#${tag}`, offset: null }, "push")}><Tag>{tag}</Tag></button>
          ))}
          {dag.tags.length > 3 && <Tip text={dag.tags.slice(3).join(", ")}><span className="dim small">+{dag.tags.length - 3}</span></Tip>}
        </span>
      </td>
      <td className={`mid ${css.schedule}`} title={dag.schedule_text ? `${dag.schedule_text}, ${dag.timezone}` : ""}>{words}</td>
      <td className={css.bars}><LastRuns dagId={dag.dag_id} zone={dag.timezone} runs={dag.last_runs} now={now} /></td>
      <td><Latest dag={dag} /></td>
      <td className="right"><Median dag={dag} /></td>
      <td className="mid"><NextRun dag={dag} /></td>
      <td className={`mid ${css.fresh}`}>
        {freshest ? <Tip text={freshest.dataset}><Link href={at("datasets", freshest.dataset)} className="mono">{executionDate(freshest.partition, dag.timezone)}</Link></Tip> : <span className="dim">–</span>}
      </td>
      <td className={`dim ${css.owner}`}>
        {dag.owner ? <button type="button" className={css.tag} aria-label={`Only DAGs of ${dag.owner}`} onClick={() => setQuery({ q: `@${dag.owner}`, offset: null }, "push")}>{dag.owner}</button> : "–"}
      </td>
      <td className={css.active}><Switch on={!dag.is_paused} label={`${dag.dag_id} is ${dag.is_paused ? "paused" : "active"}`} disabled={!may} onChange={(on) => void setPaused(dag.dag_id, !on)} /></td>
    </tr>
  );
});

/** A head that orders the list: the API knows these orders, and no other would hold over pages. */
function Order({ name, opposite, children }: { name: string; opposite?: string; children: string }) {
  const [sort, setSort] = useParam("sort", "dag_id");
  const up = sort === name;
  const down = opposite !== undefined && sort === opposite;
  return (
    <th aria-sort={up ? "ascending" : down ? "descending" : "none"}>
      <button type="button" className={css.order} onClick={() => setSort(up && opposite ? opposite : name)}>
        {children}{(up || down) && <Icon name={up ? "up" : "down"} size={11} />}
      </button>
    </th>
  );
}

export function DagTable({ dags }: { dags: UiDag[] }) {
  const may = useMay("operator");
  // Only bars of what runs grow with the clock: a list at rest is drawn once.
  const now = useSteps(5_000);
  return (
    <table className={`list ${css.table}`}>
      <thead>
        <tr>
          <Order name="dag_id" opposite="-dag_id">DAG</Order><th className={css.schedule}>Schedule</th><th className={css.bars}>Last 30 runs</th><th>Latest run</th>
          <th className="right" title="Of the successful ones among the last 30 runs; the newer third against the rest">Median</th>
          <Order name="next_run_at">Next run</Order><th className={css.fresh}>Freshest output</th><th className={css.owner}>Owner</th><th className={css.active}>Active</th>
        </tr>
      </thead>
      <tbody>
        {dags.map((dag) => <Row key={dag.dag_id} dag={dag} now={dag.running ? now : 0} may={may} />)}
      </tbody>
    </table>
  );
}

/** The list on a phone: a card a DAG. */
export function DagCards({ dags }: { dags: UiDag[] }) {
  const now = useSteps(5_000);
  return (
    <ul className={css.cards}>
      {dags.map((dag) => (
        <li key={dag.dag_id} data-row={dag.dag_id}>
          <Link href={at("dags", dag.dag_id)} className={`strong ellipsis ${css.cardName}`}>{dag.dag_id}</Link>
          <LastRuns dagId={dag.dag_id} zone={dag.timezone} runs={dag.last_runs} now={now} slots={15} />
          <span className="small"><Latest dag={dag} /></span>
          <span className="dim small right"><NextRun dag={dag} /></span>
        </li>
      ))}
    </ul>
  );
}
