import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useRef } from "react";
import { Link } from "wouter";

import { useDialogs } from "@/actions/use_dialogs";
import type { Query } from "@/api/client";
import { read, useMay } from "@/api/queries";
import { flipWord, parseFilter } from "@/model/dag_list";
import { count } from "@/model/time";
import { Button, Choice, Field, Segments } from "@/ui/controls";
import { Menu } from "@/ui/menu";
import { useNarrow } from "@/ui/narrow";
import { Empty, Shown } from "@/ui/notes";
import { Pager } from "@/ui/pager";
import { useFilterKey, useRowKeys, useSettled } from "@/ui/rows";
import { Card } from "@/ui/surface";
import { setQuery, useGo, useKeptScroll, useParam } from "@/ui/url";

import css from "./dags.module.css";
import { DagCards, DagTable } from "./table";

type ListQuery = Query<"/api/v2/ui/dags">;
const LIMIT = 50;
const STATES = ["all", "running", "failed", "paused"] as const;
const MORE_STATES = [...STATES, "queued", "active"] as const;
const WORDS: Record<(typeof MORE_STATES)[number], string> = { all: "All", running: "Running", failed: "Failed", paused: "Paused", queued: "Queued", active: "Active" };
const SORTS = [
  { value: "dag_id", label: "By name" }, { value: "-dag_id", label: "By name, from the end" }, { value: "next_run_at", label: "Next run first" },
  { value: "running", label: "Running first" },
];

/** How many there are of each segment: lists of no rows, whose total says it. */
function useCounts(): Partial<Record<string, number>> {
  const none = (state?: NonNullable<ListQuery["state"]>) => read("/api/v2/ui/dags", { query: state ? { limit: 0, state } : { limit: 0 } });
  return {
    all: useQuery(none()).data?.total_entries,
    running: useQuery(none("running")).data?.total_entries,
    failed: useQuery(none("failed")).data?.total_entries,
    paused: useQuery(none("paused")).data?.total_entries,
  };
}

function NoDags() {
  const go = useGo();
  const may = useMay("author");
  return <Empty title="No DAGs yet" command="millrace submit my_dag.yaml">{may && <Button icon="plus" onClick={() => go("/submit")}>Submit a DAG</Button>}</Empty>;
}

function Hints({ may }: { may: boolean }) {
  return (
    <span className={`row gap12 ${css.hints}`} aria-hidden>
      <span className="row gap4"><kbd>J</kbd><kbd>K</kbd> move</span>
      <span className="row gap4"><kbd>Enter</kbd> open</span>
      {may && <span className="row gap4"><kbd>T</kbd> trigger</span>}
      <span className="row gap4"><kbd>/</kbd> filter</span>
    </span>
  );
}

/** The list of DAGs: on the overview, and alone with all filters. `facts`: what else the footer says. */
export function DagsCard({ on, facts }: { on: "overview" | "dags"; facts?: ReactNode }) {
  const [text, setText] = useParam("q");
  const [state, setState] = useParam("state", "all");
  const [sort] = useParam("sort", "dag_id");
  const [offset] = useParam("offset", "0");
  const filter = parseFilter(useSettled(text));
  const query: ListQuery = { limit: LIMIT, offset: Number(offset) || 0, sort: sort as NonNullable<ListQuery["sort"]> };
  if (filter.q) query.q = filter.q;
  if (filter.tags.length) query.tag = filter.tags;
  if (filter.owners.length) query.owners = filter.owners;
  if (state !== "all") query.state = state as NonNullable<ListQuery["state"]>;
  const list = useQuery({ ...read("/api/v2/ui/dags", { query }), placeholderData: keepPreviousData, refetchInterval: 60_000 });
  const counts = useCounts();
  const narrow = useNarrow();
  const field = useRef<HTMLInputElement>(null);
  const body = useKeptScroll<HTMLDivElement>("dags");
  useFilterKey(field);
  const may = useMay("operator");
  const [dialog, open] = useDialogs();
  useRowKeys(body, may ? [{ keys: "t", says: "Trigger the DAG of the row", act: (dagId) => open({ kind: "trigger", dagId }) }] : []);
  const found = list.data;
  const filtered = Boolean(text) || state !== "all";
  const segments = on === "dags" ? MORE_STATES : STATES;
  const all = counts.all ?? 0;
  return (
    <Card
      title="DAGs"
      className={on === "dags" ? `${css.card} ${css.alone}` : css.card!}
      about={
        <Segments
          label="Which DAGs"
          value={state as (typeof MORE_STATES)[number]}
          options={segments.map((each) => ({ value: each, label: <>{WORDS[each]}{counts[each] !== undefined && <span className={css.count}>{count(counts[each])}</span>}</> }))}
          onChange={(next) => {
            setState(next, "push");
            setQuery({ offset: null });
          }}
        />
      }
      tools={
        <>
          {on === "dags" && <TagMenu />}
          {on === "dags" && !narrow && <Choice label="Order" value={sort} options={SORTS} onChange={(next) => setQuery({ sort: next === "dag_id" ? null : next, offset: null })} />}
          <Field
            label="Filter by name, tag or owner" placeholder="Name, #tag or @owner" icon="filter" type="search" value={text} inputRef={field} className={css.filter!}
            onChange={(next) => {
              setText(next);
              setQuery({ offset: null });
            }}
          />
        </>
      }
      foot={found && (
        <>
          <span>{filtered ? `${count(found.total_entries)} of ` : ""}{count(all)} {all === 1 ? "DAG" : "DAGs"}{counts.paused ? `, ${count(counts.paused)} paused` : ""}</span>
          {facts}
          <span className="space" />
          <Pager offset={query.offset ?? 0} limit={LIMIT} shown={found.dags.length} total={found.total_entries} onOffset={(next) => setQuery({ offset: next || null }, "push")} />
          <Hints may={may} />
        </>
      )}
    >
      <div className={css.scroll} ref={body}>
        <Shown query={list} what="The DAGs can't be listed" lines={8}>
          {({ dags }) => dags.length ? (narrow ? <DagCards dags={dags} /> : <DagTable dags={dags} />)
            : filtered ? <Empty title="No DAG fits the filter"><Button onClick={() => setQuery({ q: null, state: null, offset: null })}>Clear the filter</Button></Empty>
            : <NoDags />}
        </Shown>
      </div>
      {dialog}
    </Card>
  );
}

function TagMenu() {
  const tags = useQuery(read("/api/v2/dagTags", { query: { limit: 1000 } })).data?.tags ?? [];
  const [text, setText] = useParam("q");
  const chosen = new Set(parseFilter(text).tags);
  if (!tags.length) return null;
  const flip = (tag: string) => {
    setText(flipWord(text, `#${tag}`), "push");
    setQuery({ offset: null });
  };
  return (
    <Menu entries={[{ kind: "label", label: "With any of these" }, ...tags.map((tag) => ({ label: tag, checked: chosen.has(tag), act: () => flip(tag) }))]}>
      <Button>Tags{chosen.size ? ` · ${chosen.size}` : ""}</Button>
    </Menu>
  );
}

/** What the overview's footer says beside the counts. */
export function ImportFact({ errors }: { errors: number | undefined }) {
  if (errors === undefined) return null;
  return errors ? <Link href="#import-errors" className="bad">{errors === 1 ? "1 import error" : `${errors} import errors`}</Link> : <span>no import errors</span>;
}

