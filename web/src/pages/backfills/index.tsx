import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link } from "wouter";

import { type Answer } from "@/api/client";
import { queries, read, useMay } from "@/api/queries";
import { useTopic } from "@/api/stream";
import { BACKFILL_STATES, backfillGlyph, backfillWord, doneOf, patchBackfill } from "@/model/backfill_states";
import { rangeWords } from "@/model/backfill_words";
import { count } from "@/model/time";
import { Button, Segments } from "@/ui/controls";
import { BackfillBar } from "@/ui/backfill_bar";
import { Glyph } from "@/ui/glyph";
import { useKeys } from "@/ui/keys";
import { Empty, Shown } from "@/ui/notes";
import { Pager } from "@/ui/pager";
import { Page, PageHead } from "@/ui/shell";
import { Card, StateChip } from "@/ui/surface";
import { link, setQuery, useGo, useKeptScroll, useParam } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./list.module.css";

type List = Answer<"/api/v2/backfills">;
type Row = List["backfills"][number];

const PAGE = 50;
const ACTIVE = BACKFILL_STATES.filter((state) => state === "queued" || state === "running" || state === "paused");

/** The zone of each DAG that is shown: dates are in it. Details are read once for all pages. */
function useZones(rows: readonly Row[]): Map<string, string> {
  const ids = [...new Set(rows.map((row) => row.dag_id))];
  const found = useQueries({ queries: ids.map((dag_id) => ({ ...read("/api/v2/dags/{dag_id}/details", { path: { dag_id } }), staleTime: 300_000, retry: false })) });
  return new Map(ids.map((id, index) => [id, found[index]?.data?.timezone ?? "UTC"]));
}

/** When the active ones end: only one backfill's own answer knows its pace. */
function useEnds(rows: readonly Row[]): Map<number, string | null> {
  const active = rows.filter((row) => row.completed_at === null && row.state === "running").slice(0, 20);
  const found = useQueries({ queries: active.map((row) => ({ ...read("/api/v2/backfills/{backfill_id}", { path: { backfill_id: row.id } }), refetchInterval: 10_000 })) });
  return new Map(active.map((row, index) => [row.id, found[index]?.data?.progress?.ends_at ?? null]));
}

function useLiveList(): void {
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  useTopic("backfills", (events) => {
    queries.setQueriesData<List>({ queryKey: ["/api/v2/backfills"] }, (list) => list && {
      ...list,
      backfills: list.backfills.map((row) => events.reduce((now, event) => (event.type === "backfill" && event.data.backfill_id === now.id ? patchBackfill(now, event.data) : now), row)),
    });
    // A new one, or one that ended, changes which rows there are.
    if (waiting.current || !events.some((event) => event.id !== null)) return;
    waiting.current = setTimeout(() => {
      waiting.current = undefined;
      void queries.invalidateQueries({ queryKey: ["/api/v2/backfills"] });
    }, 1_000);
  });
}

function ListRow({ row, zone, ends, current, onPick }: { row: Row; zone: string; ends: string | null | undefined; current: boolean; onPick: () => void }) {
  const { counts } = row;
  const path = `/backfills/${row.id}`;
  return (
    <tr data-backfill={row.id} aria-current={current ? "true" : undefined} onClick={onPick}>
      <td><Link href={path} className="strong">{row.dag_id}</Link> <Link href={path} className="mono dim" aria-label={`Backfill ${row.id} of ${row.dag_id}`}>{row.id}</Link></td>
      <td className="mid">{rangeWords(row, zone)}{row.run_backwards && <span className="dim"> newest first</span>}</td>
      <td><StateChip state={backfillGlyph(row.state)} text={row.completed_at && counts.running ? "Ending" : backfillWord(row.state)} /></td>
      <td className={css.progress}>
        <span className="row gap8">
          <BackfillBar counts={counts} width={130} />
          <span className="mid">{count(doneOf(counts))}<span className="dim"> / {count(counts.total)}</span></span>
        </span>
      </td>
      <td>{counts.failed > 0 && <span className="row gap4 bad"><Glyph state="failed" size={12} label="failed" />{count(counts.failed)}</span>}</td>
      <td className="mid">{row.completed_at ? <Instant at={row.completed_at} /> : ends ? <><span className="dim">about </span><Instant at={ends} /></> : <span className="dim">–</span>}</td>
      <td className="mid"><Instant at={row.created_at} as="relative" /></td>
      <td className="dim ellipsis">{row.created_by ?? "–"}</td>
    </tr>
  );
}

function Table({ list }: { list: List }) {
  const rows = list.backfills;
  const zones = useZones(rows);
  const ends = useEnds(rows);
  const [chosen, setChosen] = useState(-1);
  const scroll = useKeptScroll<HTMLDivElement>("backfills");
  const go = useGo();
  const step = (by: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, chosen + by));
    setChosen(next);
    document.querySelector(`[data-backfill="${rows[next]?.id}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useKeys([
    { keys: "j", says: "Next backfill", act: () => step(1) },
    { keys: "k", says: "Backfill before", act: () => step(-1) },
    { keys: "Enter", says: "Open it", act: () => rows[chosen] && go(`/backfills/${rows[chosen].id}`) },
  ]);
  return (
    <div className={css.scroll} ref={scroll} tabIndex={0} role="region" aria-label="Backfills">
      <table className="list">
        <thead><tr><th>DAG</th><th>Dates</th><th>State</th><th>Progress</th><th>Failed</th><th>Ends</th><th>Made</th><th>By</th></tr></thead>
        <tbody>{rows.map((row, index) => <ListRow key={row.id} row={row} zone={zones.get(row.dag_id) ?? "UTC"} ends={ends.get(row.id)} current={index === chosen} onPick={() => setChosen(index)} />)}</tbody>
      </table>
    </div>
  );
}

export default function BackfillsPage() {
  const [show, setShow] = useParam("show", "active");
  const [dag] = useParam("dag");
  const [offsetText] = useParam("offset", "0");
  const offset = Math.max(0, Number(offsetText) || 0);
  const may = useMay("operator");
  const go = useGo();
  const query = useQuery({
    ...read("/api/v2/backfills", { query: { limit: PAGE, offset, order_by: "-id", ...(dag ? { dag_id: dag } : {}), ...(show === "active" ? { state: ACTIVE } : {}) } }),
    placeholderData: keepPreviousData,
  });
  useLiveList();
  const create = () => go(link("/backfills/new", { dag }));
  useKeys([{ keys: "b", says: "New backfill", act: create }]);
  const command = `millrace backfill create ${dag || "DAG"} --dates 2013-01-01..2013-06-11`;
  return (
    <Page crumbs={[{ label: "Backfills" }]}>
      <PageHead title="Backfills" about={<span className="mid ellipsis">runs for past dates, planned, paused and watched as one</span>}>
        <Button icon="plus" look={may ? "primary" : "plain"} onClick={create}>New backfill</Button>
      </PageHead>
      <Card
        className={css.card}
        title={<Segments label="Which" value={show} options={[{ value: "active", label: "Active" }, { value: "all", label: "All" }]} onChange={(next) => { setShow(next); setQuery({ offset: null }); }} />}
        about={dag && <Button small icon="close" onClick={() => setQuery({ dag: null, offset: null })}>{dag}</Button>}
        tools={query.data && query.data.total_entries > PAGE && (
          <span className="dim small"><Pager offset={offset} limit={PAGE} shown={query.data.backfills.length} total={query.data.total_entries} onOffset={(next) => setQuery({ offset: next || null })} /></span>
        )}
      >
        <Shown query={query} what="The backfills can't be read" lines={8}>
          {(list) => list.backfills.length
            ? <Table list={list} />
            : (
              <Empty title={show === "active" ? `No backfill ${dag ? `of ${dag} ` : ""}is active.` : `No backfill ${dag ? `of ${dag} ` : ""}yet.`} command={command}>
                <span className="row gap8">
                  {show === "active" && <Button onClick={() => setShow("all")}>Show those that are over</Button>}
                  {dag && <Button onClick={() => setQuery({ dag: null })}>Of all DAGs</Button>}
                  <Button icon="plus" onClick={create}>New backfill</Button>
                </span>
              </Empty>
            )}
        </Shown>
      </Card>
    </Page>
  );
}
