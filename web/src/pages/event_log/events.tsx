import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { memo, useRef } from "react";
import { Link } from "wouter";

import type { Answer, Query } from "@/api/client";
import { read } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { STATES } from "@/model/states";
import { Button, Choice, Field } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { Icon } from "@/ui/icon";
import { Empty, Shown } from "@/ui/notes";
import { Pager } from "@/ui/pager";
import { useFilterKey, useRowKeys, useSettled } from "@/ui/rows";
import { RunLink } from "@/ui/run_date";
import { Card, Tag } from "@/ui/surface";
import { at, setQuery, useKeptScroll, useParam } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./event_log.module.css";

type EventsQuery = Query<"/api/v2/eventLogs">;
type Line = Answer<"/api/v2/eventLogs">["event_logs"][number];
const LIMIT = 100;
const KINDS = [
  "run", "task", "backfill", "dag", "pool", "hold", "waits", "dataset", "dataset_skipped", "tick_skipped", "notification", "variable",
];

/** `queued → running`: with their shapes where they are states. */
function Move({ line }: { line: Line }) {
  const isState = (word: string | null) => word !== null && (STATES as readonly string[]).includes(word);
  const word = (text: string) => <span className="row gap4">{isState(text) && <Glyph state={text} size={12} label="" />}{text}</span>;
  if (line.from === null && line.to === null) return null;
  return (
    <span className="row gap6">
      {line.from !== null && <span className="dim">{line.from}</span>}
      {line.from !== null && line.to !== null && <Icon name="chevron_right" size={10} />}
      {line.to !== null && word(line.to)}
    </span>
  );
}

function Subject({ line }: { line: Line }) {
  if (!line.dag_id) return <span className="dim">–</span>;
  const task = line.task_id && (line.map_index !== null && line.map_index >= 0 ? `${line.task_id} [${line.map_index}]` : line.task_id);
  return (
    <span className="row gap6">
      <Link href={at("dags", line.dag_id)} className="ellipsis">{line.dag_id}</Link>
      {line.run_id && <RunLink dagId={line.dag_id} runId={line.run_id} executionDate={line.execution_date} />}
      {task && <span className="mid ellipsis">{task}</span>}
      {line.try_number !== null && line.try_number > 1 && <span className="dim small nowrap">try {line.try_number}</span>}
    </span>
  );
}

const Row = memo(function Row({ line }: { line: Line }) {
  return (
    <tr data-row={line.event_log_id}>
      <td className={`mid ${css.when}`}><Instant at={line.when} as="full" /></td>
      <td><Tag>{line.event.replaceAll("_", " ")}</Tag></td>
      <td className={css.subject}><Subject line={line} /></td>
      <td><Move line={line} /></td>
      <td className={`mid ${css.cause}`} title={line.cause ?? ""}>{line.cause}</td>
      <td className="dim">{line.owner ?? ""}</td>
    </tr>
  );
});

function queryOf(dag: string, run: string, kind: string, who: string, offset: number): EventsQuery {
  const query: EventsQuery = { order_by: "-event_log_id", limit: LIMIT, offset };
  // A run's id is its DAG's alone; a name that is whole has an index of its own.
  if (run && dag) Object.assign(query, { run_id: run, dag_id: dag });
  else if (dag) query.dag_id_pattern = dag.replaceAll("%", "").replaceAll("*", "%");
  if (kind) query.event = kind;
  if (who) query.owner_pattern = who.replaceAll("%", "");
  return query;
}

/** The record of all that happened, newest first. */
export function Events() {
  const [dag] = useParam("dag");
  const [run] = useParam("run");
  const [kind] = useParam("kind");
  const [who] = useParam("who");
  const offset = Number(useParam("offset", "0")[0]) || 0;
  const filter = useSettled(JSON.stringify([dag.trim(), run.trim(), kind, who.trim()]));
  const [dagAsked, runAsked, kindAsked, whoAsked] = JSON.parse(filter) as [string, string, string, string];
  const list = useQuery({ ...read("/api/v2/eventLogs", { query: queryOf(dagAsked, runAsked, kindAsked, whoAsked, offset) }), placeholderData: keepPreviousData });
  // An older page stands still while it is read.
  useTopic(offset === 0 ? "events" : null, () => renewSoon(2_000, "/api/v2/eventLogs"));
  const field = useRef<HTMLInputElement>(null);
  const body = useKeptScroll<HTMLDivElement>("events");
  useFilterKey(field);
  useRowKeys(body);
  const set = (name: string) => (value: string) => setQuery({ [name]: value || null, offset: null });
  const clear = <Button small onClick={() => setQuery({ dag: null, run: null, kind: null, who: null, offset: null })}>Clear the filter</Button>;
  const filtered = Boolean(dag || run || kind || who);
  return (
    <>
      <div className={css.filters}>
        <Choice label="Kind" value={kind} options={[{ value: "", label: "Any kind" }, ...KINDS.map((each) => ({ value: each, label: each.replaceAll("_", " ") }))]} onChange={set("kind")} />
        <Field label="DAG" placeholder="DAG, such as flights_*" icon="filter" type="search" value={dag} inputRef={field} className={css.field!} onChange={set("dag")} />
        <Field label="Run" placeholder={dag ? "Run id" : "Run id, with its DAG"} type="search" value={run} className={css.field!} onChange={set("run")} />
        <Field label="Who" placeholder="Who asked" type="search" value={who} className={css.who!} onChange={set("who")} />
        {filtered && clear}
      </div>
      <Card
        label="Events"
        className={css.card!}
        foot={list.data && (
          <>
            <span>The record of the daemon; also <a href="/docs" target="_blank" rel="noopener" className={css.link!}>by the API</a> and <span className="mono">millrace events</span></span>
            <span className="space" />
            <Pager
              offset={offset} limit={LIMIT} shown={list.data.event_logs.length} total={list.data.total_entries ?? 0} more={list.data.total_is_lower_bound}
              onOffset={(next) => setQuery({ offset: next || null }, "push")}
            />
          </>
        )}
      >
        <div className={css.scroll} ref={body}>
          <Shown query={list} what="The record can't be read" lines={12}>
            {({ event_logs }) => event_logs.length ? (
              <table className={`list ${css.table}`}>
                <thead><tr><th>When</th><th>Kind</th><th>What</th><th>Change</th><th>Cause</th><th>Who</th></tr></thead>
                <tbody>{event_logs.map((line) => <Row key={line.event_log_id} line={line} />)}</tbody>
              </table>
            ) : filtered ? <Empty title="No event fits the filter">{clear}</Empty> : <Empty title="Nothing happened yet" />}
          </Shown>
        </div>
      </Card>
    </>
  );
}
