import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { intervalText, runPath } from "@/model/run_address";
import { executionDate } from "@/model/time";
import { Icon } from "@/ui/icon";
import { StateChip, Tag } from "@/ui/surface";
import { Tip } from "@/ui/tip";
import { at } from "@/ui/url";

import css from "./run.module.css";
import { useNeighbours } from "./neighbours";
import type { RunView } from "./view";

const REASONS: Record<string, string> = { cancelled: "Cancelled", timed_out: "Timed out" };

/** Why there is such a run. */
function Cause({ view: { run, dagId, runId } }: { view: RunView }) {
  const byData = run.run_type === "asset_triggered";
  const events = useQuery({
    ...read("/api/v2/dags/{dag_id}/dagRuns/{run_id}/upstreamAssetEvents", { path: { dag_id: dagId, run_id: runId } }), enabled: byData,
  }).data?.asset_events;
  if (byData && events?.length) {
    return (
      <>
        on {events.slice(0, 2).map((event, index) => (
          <span key={event.id}>{index > 0 && ", "}<Link className="mid inline" href={at("datasets", event.name)}>{event.name}</Link> {event.partition_key}</span>
        ))}
        {events.length > 2 && ` and ${events.length - 2} more`}
      </>
    );
  }
  if (run.backfill_id !== null) return <>by <Link className="mid inline" href={`/backfills/${run.backfill_id}`}>backfill {run.backfill_id}</Link></>;
  if (run.run_type === "scheduled") return <>scheduled</>;
  return <>{run.run_type === "manual" ? "by hand" : run.run_kind.replaceAll("_", " ")}{run.triggering_user_name ? `, ${run.triggering_user_name}` : ""}</>;
}

function Neighbour({ view, which }: { view: RunView; which: "before" | "after" }) {
  const run = useNeighbours(view)[which];
  const says = which === "before" ? "Previous run" : "Next run";
  if (!run) return null;
  return (
    <Tip text={`${says}: ${executionDate(run.execution_date, view.zone)} (${which === "before" ? "[" : "]"})`}>
      <Link className={css.neighbour} href={runPath(view.dagId, run, view.zone)} aria-label={`${says}: ${executionDate(run.execution_date, view.zone)}`}>
        <Icon name="chevron_right" size={13} />
      </Link>
    </Tip>
  );
}

/** What this run is: its date, state, version, and what made it. */
export function RunHead({ view, children }: { view: RunView; children: ReactNode }) {
  const { run, dagId, zone } = view;
  const interval = intervalText(run.data_interval_start, run.data_interval_end, zone);
  const version = run.dag_versions.at(-1);
  return (
    <div className={css.head}>
      <h1 className="ellipsis"><Link href={at("dags", dagId)}>{dagId}</Link></h1>
      <span className={css.date}>
        <span data-which="before"><Neighbour view={view} which="before" /></span>
        <span className="mono mid">{executionDate(run.execution_date, zone)}</span>
        <Neighbour view={view} which="after" />
      </span>
      <StateChip state={run.state} {...(run.reason && REASONS[run.reason] ? { text: REASONS[run.reason]! } : {})} />
      {version && <Link href={`${at("dags", dagId, "code")}?v=${version.version_number}`}><Tag>v{version.version_number}</Tag></Link>}
      <span className={`ellipsis dim ${css.cause}`}>
        {interval && <span className="mid">interval {interval}, {zone.split("/").pop()!.replaceAll("_", " ")} · </span>}<Cause view={view} />
        {run.rerun > 0 && ` · rerun ${run.rerun}`}
      </span>
      <span className="space" />
      {children}
    </div>
  );
}
