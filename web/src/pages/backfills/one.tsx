import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";

import { useDagDetails } from "@/actions/runs";
import { read } from "@/api/queries";
import { datesOf } from "@/model/backfill_matrix";
import { backfillGlyph, backfillWord, doneOf, itemGlyph, itemWord, sharesOf } from "@/model/backfill_states";
import { rangeWords } from "@/model/backfill_words";
import { count, duration, instant } from "@/model/time";
import { BackfillBar } from "@/ui/backfill_bar";
import { Glyph } from "@/ui/glyph";
import { Shown } from "@/ui/notes";
import { NotFound, Page, PageHead } from "@/ui/shell";
import { Card, StateChip, StateWord, Tag } from "@/ui/surface";
import { at } from "@/ui/url";
import { DagZoneProvider, Instant, useNow } from "@/ui/zone";

import { ByTask } from "./by_task";
import { Causes } from "./causes";
import { type Backfill, useBackfillGrid, useBackfillLive, useNewestItems } from "./live";
import css from "./one.module.css";
import { Partitions } from "./partitions";
import { Steering } from "./steer";
import { ThroughputCard } from "./throughput";
import { useSlow } from "./use_slow";

function Ending({ backfill }: { backfill: Backfill }) {
  const now = useNow();
  const { progress, completed_at: completed, counts, state } = backfill;
  if (completed) {
    return counts.running > 0
      ? <span className="mid">Cancelled; {count(counts.running)} run{counts.running === 1 ? "" : "s"} still to end</span>
      : <span className="mid"><span className="dim">Ended</span> <Instant at={completed} />{backfill.started_at && <span className="dim"> after {duration((instant(completed)! - instant(backfill.started_at)!) / 1000)}</span>}</span>;
  }
  if (state === "paused") return <span className="mid">Paused: nothing starts{counts.running ? `, ${count(counts.running)} run on` : ""}</span>;
  const left = progress?.seconds_left;
  if (left === null || left === undefined) return <span className="dim">No end in sight yet: the pace isn't known</span>;
  const pace = progress?.runs_per_minute;
  return (
    <span className="nowrap">
      <span className="dim">Finishes about</span> <b className="strong"><Instant at={progress?.ends_at ?? now + left * 1000} /></b>
      {pace ? <span className="dim">, {pace >= 10 ? Math.round(pace) : pace.toFixed(1)} runs a minute</span> : null}
    </span>
  );
}

/** One bar whose parts are the counts beside it: both come from the same six numbers. */
function Summary({ backfill }: { backfill: Backfill }) {
  const { counts } = backfill;
  const shares = sharesOf(counts);
  return (
    <Card label="Progress" className={css.whole!}>
      <div className={css.summary}>
        <div className={css.sums}>
          <span className={css.done}><b>{count(doneOf(counts))}</b><span className="mid">of {count(counts.total)} dates done</span></span>
          <span className={css.words}>
            {shares.map(({ state, count: number }) => (
              <StateWord key={state} state={itemGlyph(state)} text={<span><b className="strong">{count(number)}</b> <span className="mid">{itemWord(state).toLowerCase()}</span></span>} />
            ))}
          </span>
          <span className="space" />
          <Ending backfill={backfill} />
          <span className="dim nowrap">{count(backfill.max_active_runs)} at once</span>
        </div>
        <div className={css.bar}>
          <BackfillBar counts={counts} />
        </div>
      </div>
    </Card>
  );
}

function Family({ backfill }: { backfill: Backfill }) {
  const on = backfill.carries_on ?? [];
  if (!on.length && backfill.root_backfill_id === null) return null;
  return (
    <Card label="Downstream" className={css.whole!}>
      <div className={css.family}>
        {backfill.root_backfill_id !== null && <span className="mid">Carried on from <Link href={`/backfills/${backfill.root_backfill_id}`}>backfill {backfill.root_backfill_id}</Link></span>}
        {on.length > 0 && <span className="dim">Carries on into</span>}
        {on.map((next) => (
          <Link key={next.id} href={`/backfills/${next.id}`} className="row gap6">
            <Glyph state={backfillGlyph(next.state)} size={13} label={backfillWord(next.state)} /><span>{next.dag_id}</span>
            <span className="dim">{count(next.done)} of {count(next.total)}{next.failed ? `, ${count(next.failed)} failed` : ""}</span>
          </Link>
        ))}
      </div>
    </Card>
  );
}

function Loaded({ backfill, zone }: { backfill: Backfill; zone: string }) {
  const matrix = useQuery(read("/api/v2/backfills/{backfill_id}/dagRuns", { path: { backfill_id: backfill.id } }));
  // Ten years of hours are 87,672 dates: those are gone through once a second at most.
  const settled = useSlow(matrix.data, (matrix.data?.cells.length ?? 0) > 5_000 ? 1_000 : 0);
  const dates = useMemo(() => (settled ? datesOf(settled) : []), [settled]);
  const items = useNewestItems(backfill);
  // The grid ends at the newest date that has begun.
  const last = useMemo(() => dates.findLast((date) => date.kind !== "queued")?.at ?? null, [dates]);
  const grid = useBackfillGrid(backfill, last);
  return (
    <>
      <Summary backfill={backfill} />
      <Family backfill={backfill} />
      <div className={css.columns}>
        <Partitions backfill={backfill} zone={zone} matrix={matrix} dates={dates} items={items.data?.items ?? []} grid={grid.data} />
        <ByTask backfill={backfill} grid={grid} dates={dates} />
        <Causes backfill={backfill} zone={zone} />
        <ThroughputCard backfill={backfill} items={items.data?.items ?? []} />
      </div>
    </>
  );
}

export default function BackfillPage({ id }: { id: number }) {
  const query = useQuery(read("/api/v2/backfills/{backfill_id}", { path: { backfill_id: id } }));
  const backfill = query.data;
  const details = useDagDetails(backfill?.dag_id ?? null).data;
  useBackfillLive(id);
  if (query.error?.status === 404 || !Number.isInteger(id)) return <NotFound what={`There is no backfill ${Number.isNaN(id) ? "of that number" : id}.`} />;
  const zone = details?.timezone ?? "UTC";
  return (
    <DagZoneProvider zone={details?.timezone}>
      <Page crumbs={[{ label: "Backfills", href: "/backfills" }, ...(backfill ? [{ label: backfill.dag_id, href: at("dags", backfill.dag_id) }] : []), { label: `Backfill ${id}` }]}>
        <PageHead
          title={backfill ? <Link href={at("dags", backfill.dag_id)}>{backfill.dag_id}</Link> : `Backfill ${id}`}
          about={backfill && (
            <>
              <Tag>backfill {id}</Tag>
              <StateChip state={backfillGlyph(backfill.state)} text={backfill.completed_at && backfill.counts.running > 0 ? "Ending" : backfillWord(backfill.state)} />
              <span className={`mid ellipsis ${css.range}`}>
                {rangeWords(backfill, zone)}, {backfill.run_backwards ? "newest" : "oldest"} first
                <span className="dim"> · started <Instant at={backfill.started_at ?? backfill.created_at} />{backfill.created_by ? ` by ${backfill.created_by}` : ""}</span>
                {backfill.description && <span className="dim"> · {backfill.description}</span>}
              </span>
            </>
          )}
        >
          {backfill && <Steering backfill={backfill} />}
        </PageHead>
        <Shown query={query} what="This backfill can't be read" lines={10}>
          {(found) => <Loaded backfill={found} zone={zone} />}
        </Shown>
      </Page>
    </DagZoneProvider>
  );
}
