import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { Link } from "wouter";

import type { Answer } from "@/api/client";
import { read, useSeesAll } from "@/api/queries";
import { doneOf } from "@/model/backfill_states";
import { backfillsUnderWay, concurrency, type Overview, waitingFor } from "@/model/overview";
import { count } from "@/model/time";
import { BackfillBar } from "@/ui/backfill_bar";
import { Glyph } from "@/ui/glyph";
import { Bar, Card, Figure } from "@/ui/surface";
import { at, link } from "@/ui/url";
import { Instant, useSteps } from "@/ui/zone";

import css from "./overview.module.css";

const QUEUE_SHOWN = 500;
const RETRYING = { path: { dag_id: "~", run_id: "~" }, query: { state: ["up_for_retry" as const], limit: 20 } };
export const retryingQuery = read("/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", RETRYING);

/** A line of counts over the window, its newest at the right. */
function Sparkline({ values, color, label }: { values: number[]; color: string; label: string }) {
  const [width, height] = [84, 20];
  const most = Math.max(1, ...values);
  const points = values.map((value, index) => `${((index / (values.length - 1)) * width).toFixed(1)} ${(height - 1 - (value / most) * (height - 3)).toFixed(1)}`);
  return (
    <svg width={width} height={height} role="img" aria-label={label}>
      <path d={`M${points.join("L")}L${width} ${height}L0 ${height}z`} fill={color} opacity=".14" />
      <path d={`M${points.join("L")}`} fill="none" stroke={color} strokeWidth="1.3" strokeLinejoin="round" />
    </svg>
  );
}

function Running({ overview }: { overview: Overview }) {
  const { tasks_running, runs_running, runs_queued } = overview.counters;
  const now = useSteps(10_000);
  const runs = useMemo(() => concurrency(overview, now), [overview, now]);
  return (
    <Figure label="Running" value={count(tasks_running)} unit={`${tasks_running === 1 ? "task" : "tasks"} in ${count(runs_running)} ${runs_running === 1 ? "run" : "runs"}`}>
      {runs && <Sparkline values={runs} color="var(--running)" label={`Runs at a time in this window: ${Math.max(...runs)} at most`} />}
      {runs_queued > 0 && <span>{count(runs_queued)} queued</span>}
    </Figure>
  );
}

const WAITS: Record<string, { word: string; color: string }> = {
  gpu: { word: "GPU", color: "var(--queued)" },
  pool: { word: "pool", color: "var(--deferred)" },
  cpu: { word: "CPU", color: "var(--scheduled)" },
  memory: { word: "memory", color: "var(--skipped)" },
  max_active_tasks: { word: "task limit", color: "var(--up_for_retry)" },
  share: { word: "kept room", color: "var(--edge)" },
  turn: { word: "turn", color: "var(--edge)" },
};

function Waiting({ overview }: { overview: Overview }) {
  const queue = useQuery(read("/api/v2/ui/queue", { query: { limit: QUEUE_SHOWN } })).data;
  const waiting = overview.counters.tasks_waiting;
  const kinds = waitingFor(queue?.queue ?? []);
  // Of a long line only the front is known: its reasons, not how many have each.
  const all = waiting <= QUEUE_SHOWN;
  const said = kinds.map(({ kind, count: n }) => `${all ? `${n} ` : ""}${WAITS[kind]?.word ?? kind}`).join(" · ");
  const runs = queue?.runs.length ?? 0;
  return (
    <Figure label="Waiting" value={count(waiting)} unit={waiting === 1 ? "task" : "tasks"}>
      {kinds.length > 0 && (
        <>
          <Bar width={44} label={said} parts={kinds.map(({ kind, count: n }) => ({ value: n, color: WAITS[kind]?.color ?? "var(--edge)" }))} />
          <span className="ellipsis">{all ? said : `the first ${QUEUE_SHOWN}: ${said}`}</span>
        </>
      )}
      {kinds.length === 0 && <span className="ellipsis">{runs > 0 ? `${runs} ${runs === 1 ? "run waits" : "runs wait"} for a place` : "nothing waits for a place"}</span>}
    </Figure>
  );
}

function Failed({ overview, window }: { overview: Overview; window: string }) {
  const { runs_failed, runs_success } = overview.counters;
  const retrying = useQuery(retryingQuery).data?.total_entries ?? 0;
  const ended = runs_failed + runs_success;
  const marks = [...Array<"failed">(Math.min(runs_failed, 3)).fill("failed"), ...(retrying ? ["up_for_retry" as const] : [])];
  return (
    <Figure
      label={`Failed, ${window}`}
      value={runs_failed ? <Link href={link("/runs", { state: "failed" })}>{count(runs_failed)}</Link> : "0"}
      unit={ended ? `of ${count(ended)} ${ended === 1 ? "run" : "runs"}` : "runs"}
    >
      {marks.length > 0 && <span className="row gap4" aria-hidden>{marks.map((state, index) => <Glyph key={index} state={state} size={12} label="" />)}</span>}
      <span className="ellipsis">{retrying ? `${count(retrying)} ${retrying === 1 ? "task retries" : "tasks retry"}` : ended && !runs_failed ? "all went well" : ""}</span>
    </Figure>
  );
}

/** What the API knows of data today: how much there is, and what was written last. */
function Data() {
  const total = useQuery(read("/api/v2/datasets", { query: { limit: 1 } })).data?.total_entries;
  const newest = useQuery(read("/api/v2/assets/events", { query: { limit: 1, order_by: "-timestamp" } })).data?.asset_events[0];
  return (
    <Figure label="Data" value={total === undefined ? "–" : count(total)} unit={total === 1 ? "dataset" : "datasets"}>
      {newest ? (
        <>
          <Link href={at("datasets", newest.name)} className="ellipsis">{newest.name}</Link>
          <span><Instant at={newest.timestamp} as="relative" /></span>
        </>
      ) : <span>nothing written yet</span>}
    </Figure>
  );
}

function Backfills() {
  const list = useQuery({ ...read("/api/v2/backfills", { query: { order_by: "-id", limit: 50 } }), staleTime: 10_000 }).data?.backfills;
  const { open, counts } = backfillsUnderWay(list ?? []);
  const only = open.length === 1 ? open[0]!.id : null;
  const one = useQuery({ ...read("/api/v2/backfills/{backfill_id}", { path: { backfill_id: only ?? 0 } }), enabled: only !== null }).data;
  const last = list?.[0];
  if (!open.length) {
    return (
      <Figure label="Backfills" value="0" unit="under way">
        {last ? <><Link href={at("backfills", String(last.id))} className="ellipsis">last: {last.dag_id}</Link><span>{last.counts.failed ? `${count(last.counts.failed)} failed` : `all ${count(last.counts.total)} done`}</span></> : <span>none yet</span>}
      </Figure>
    );
  }
  const percent = counts.total ? Math.floor((100 * doneOf(counts)) / counts.total) : 0;
  return (
    <Figure label={open.length > 1 ? `${open.length} backfills` : "Backfills"} value={`${percent}%`} unit={`${count(doneOf(counts))} of ${count(counts.total)} runs`}>
      <BackfillBar width={84} counts={counts} />
      {one?.progress?.ends_at ? <span>done <Instant at={one.progress.ends_at} as="relative" /></span> : open.every((each) => each.is_paused) ? <span>paused</span> : null}
    </Figure>
  );
}

type Devices = Answer<"/api/v2/devices">["devices"];

function modelsOf(devices: Devices): string {
  const models = new Map<string, number>();
  for (const { model } of devices) {
    const name = model.replace(/^NVIDIA /, "");
    models.set(name, (models.get(name) ?? 0) + 1);
  }
  return [...models].map(([model, n]) => `${n} ${model}`).join(" · ");
}

function DeviceFigure({ devices }: { devices: Devices }) {
  const busy = devices.filter((device) => device.attempt).length;
  const ill = devices.filter((device) => !device.healthy).length;
  return (
    <Figure label="GPUs busy" value={<Link href="/capacity">{busy} / {devices.length}</Link>} unit={modelsOf(devices)}>
      <Bar width={84} label={`${busy} of ${devices.length} busy`} parts={[{ value: busy, color: "var(--ink-3)" }, { value: devices.length - busy, color: "transparent" }]} />
      {ill > 0 && <span className="bad">{ill} not healthy</span>}
    </Figure>
  );
}

/** Devices, or pools on a machine without any; a limited token is told of pools alone. */
function Places() {
  const all = useSeesAll();
  const devices = useQuery({ ...read("/api/v2/devices"), enabled: all === true }).data?.devices ?? [];
  const pools = useQuery(read("/api/v2/pools", { query: { limit: 200 } })).data?.pools ?? [];
  if (devices.length) return <DeviceFigure devices={devices} />;
  const slots = pools.reduce((sum, pool) => sum + pool.slots, 0);
  const taken = pools.reduce((sum, pool) => sum + pool.occupied_slots, 0);
  return (
    <Figure label="Pool slots taken" value={<Link href="/capacity">{count(taken)} / {count(slots)}</Link>} unit={pools.length === 1 ? `in ${pools[0]!.name}` : `in ${pools.length} pools`}>
      <Bar width={84} label={`${taken} of ${slots} slots taken`} parts={[{ value: taken, color: "var(--ink-3)" }, { value: Math.max(0, slots - taken), color: "transparent" }]} />
    </Figure>
  );
}

export function Counters({ overview, window }: { overview: Overview; window: ReactNode & string }) {
  return (
    <Card className={css.counters!} label="Counters">
      <Running overview={overview} />
      <Waiting overview={overview} />
      <Failed overview={overview} window={window} />
      <Data />
      <Backfills />
      <Places />
    </Card>
  );
}
