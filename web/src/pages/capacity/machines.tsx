import { useQueries } from "@tanstack/react-query";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { type Holding, holdingOf, modelsOf, progressOf, roughly, runLabel, shortModel, taskLabel } from "@/model/capacity";
import { runPath } from "@/model/run_address";
import { bytes, count } from "@/model/time";
import { Bar } from "@/ui/surface";
import { Tip } from "@/ui/tip";
import { useNow } from "@/ui/zone";

import css from "./capacity.module.css";
import { useZones, type Worker } from "./live";

type Device = Worker["devices"][number];

function cores(milli: number): string {
  return milli % 1000 === 0 ? count(milli / 1000) : (milli / 1000).toFixed(1);
}

/** Who runs on a device since when: from the runs that hold one, a question each. */
function useHoldings(devices: readonly Device[]): Holding[] {
  const runs = new Map(devices.flatMap((device) => {
    const { of } = holdingOf(device, []);
    return of ? [[`${of.dagId}/${of.runId}`, { dag_id: of.dagId, run_id: of.runId }] as const] : [];
  }));
  const timelines = useQueries({
    queries: [...runs.values()].map((path) => ({ ...read("/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline", { path }), staleTime: 5_000 })),
  }).flatMap(({ data }) => (data ? [data] : []));
  return devices.map((device) => holdingOf(device, timelines));
}

function Tile({ device, index, holding, zone }: { device: Device; index: number; holding: Holding; zone: string }) {
  const now = useNow();
  const { of } = holding;
  const progress = progressOf(holding, now);
  const idle = of === null;
  return (
    <li className={css.gpu} data-idle={idle || undefined} data-broken={!device.healthy || undefined}>
      <div className={css.gpuLine}>
        <Tip text={`${device.model}\n${device.uuid}`}><span tabIndex={0}>GPU {index}</span></Tip>
        <span className="space" />
        {device.healthy ? <span>{shortModel(device.model).split("-")[0]}</span> : <span className="bad">not healthy</span>}
      </div>
      {of
        ? (
          <Link
            href={runPath(of.dagId, of.runId, null, { task: of.taskId, map: of.mapIndex >= 0 ? of.mapIndex : null, try: of.tryNumber })}
            className={`${css.gpuHolder} strong ellipsis`} title={`${taskLabel(of)} of ${of.dagId} ${runLabel(of.runId, zone)}`}
          >{taskLabel(of)}</Link>
        )
        : <span className={`${css.gpuHolder} mid`}>free</span>}
      <span className={css.gpuBar}>
        {progress && <Bar label={`${Math.round(progress.share * 100)}% of its usual time`} width="100%" parts={[{ value: progress.share, color: "var(--running)" }, { value: 1 - progress.share, color: "transparent" }]} />}
      </span>
      <div className={css.gpuLine}>
        <span>{bytes(device.memory_bytes)}</span>
        <span className="space" />
        {progress
          ? progress.left > 0 ? <span>{roughly(progress.left)}</span> : <span title={`${roughly(-progress.left)} over its usual time`}>+{roughly(-progress.left)}</span>
          : holding.startedAt !== null ? <span>for {roughly((now - holding.startedAt) / 1000)}</span>
          : null}
      </div>
    </li>
  );
}

function Meter({ label, taken, all, text }: { label: string; taken: number; all: number; text: string }) {
  return (
    <span className={css.meter}>
      <span className="mid">{label}</span>
      <Bar label={`${label}: ${text} reserved`} width="100%" parts={[{ value: taken, color: "var(--ink-2)" }, { value: Math.max(0, all - taken), color: "transparent" }]} />
      <span className="nowrap right">{text}</span>
    </span>
  );
}

/** One machine: what tasks have reserved of it, and its devices. */
function Machine({ worker, alone }: { worker: Worker; alone: boolean }) {
  const holdings = useHoldings(worker.devices);
  const zoneOf = useZones(holdings.flatMap(({ of }) => (of ? [of.dagId] : [])));
  return (
    <>
      <header className={css.halfHead}>
        <h2>{alone ? "Devices" : worker.name}</h2>
        <span className="dim ellipsis">{alone && `${worker.name}, `}{worker.devices.length ? modelsOf(worker.devices) : "no GPU"}</span>
        <span className="space" />
        {worker.devices.length > 0 && <span className={`dim small ${css.wide}`}>memory · time left</span>}
      </header>
      {worker.devices.length > 0
        ? <ul className={css.gpus} tabIndex={0} aria-label={`Devices of ${worker.name}`}>{worker.devices.map((device, index) => <Tile key={device.uuid} device={device} index={index} holding={holdings[index]!} zone={holdings[index]!.of ? zoneOf(holdings[index]!.of!.dagId) : "UTC"} />)}</ul>
        : <p className={css.noDevices}>No GPU was found on {worker.name} and none is declared (<code className="mono">gpus</code>): a task that needs one is refused, one with <code className="mono">gpu_optional</code> runs without.</p>}
      <div className={css.meters}>
        <Meter label="CPU" taken={worker.cpu_milli_taken} all={worker.cpu_milli} text={`${cores(worker.cpu_milli_taken)} of ${cores(worker.cpu_milli)} cores`} />
        <Meter label="Memory" taken={worker.memory_bytes_taken} all={worker.memory_bytes} text={`${bytes(worker.memory_bytes_taken)} of ${bytes(worker.memory_bytes)}`} />
        <span className="dim small nowrap">reserved by {count(worker.attempts)} running {worker.attempts === 1 ? "task" : "tasks"}</span>
      </div>
    </>
  );
}

export function Machines({ workers }: { workers: Worker[] }) {
  return (
    <section className={css.half} aria-label="Workers and devices">
      {workers.map((worker) => <Machine key={worker.name} worker={worker} alone={workers.length === 1} />)}
    </section>
  );
}
