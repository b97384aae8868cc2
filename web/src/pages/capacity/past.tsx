import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { read } from "@/api/queries";
import { shortModel } from "@/model/capacity";
import { areaOf, type PastLane, type PastLanes, pastLanes } from "@/model/occupancy";
import { type Scale, ticksOf, xOf } from "@/model/timeline";
import { count } from "@/model/time";
import { Empty, Shown } from "@/ui/notes";
import { useWidth } from "@/ui/use_width";
import { useZone } from "@/ui/zone";

import css from "./past.module.css";
import type { Pool, Worker } from "./live";

const HEIGHT = 20;
const EACH_MS = 15_000;

interface Named {
  label: string;
  title: string;
  slots: number | null;
}

function percent(share: number): string {
  return share > 0 && share < 0.005 ? "<1%" : `${Math.round(share * 100)}%`;
}

function inWords(lane: PastLane, { label }: Named): string {
  return `${label}: in use ${percent(lane.busy)} of the time${lane.kind === "pool" ? `, ${count(lane.peak)} at most` : ""}`;
}

function Strip({ lane, named, scale }: { lane: PastLane; named: Named; scale: Scale }) {
  return (
    <svg className={css.strip} width={scale.width} height={HEIGHT} role="img" aria-label={inWords(lane, named)}>
      {lane.kind === "pool"
        ? <path d={areaOf(lane.steps, scale, HEIGHT, Math.max(named.slots ?? 0, lane.peak))} className={css.area} />
        : lane.spans.map((span, index) => {
          const x = xOf(scale, span.from);
          return <rect key={index} x={x} y="4" width={Math.max(1.5, xOf(scale, span.to) - x - 0.5)} height={HEIGHT - 8} rx="2" fill={`var(--${span.state})`} />;
        })}
    </svg>
  );
}

function Lanes({ past, pools, workers }: { past: PastLanes; pools: Pool[]; workers: Worker[] }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const { zone } = useZone();
  const lanes = useMemo(() => pastLanes(past), [past]);
  const scale = width > 0 ? { from: Date.parse(past.from), to: Date.parse(past.to), width } : null;
  const devices = workers.flatMap((worker) => worker.devices);
  const nameOf = ({ kind, name }: PastLane): Named => {
    if (kind === "pool") {
      const pool = pools.find((each) => each.name === name);
      return { label: name, title: pool?.description ?? name, slots: pool?.slots ?? null };
    }
    const index = devices.findIndex((device) => device.uuid === name);
    return index < 0 ? { label: name, title: `${name}: not here any more`, slots: null } : { label: `GPU ${index}`, title: `${shortModel(devices[index]!.model)}, ${name}`, slots: null };
  };
  return (
    <section className={css.past} aria-label="The last 6 hours" tabIndex={0}>
      <div className={css.row}>
        <span className="dim small">{past.truncated ? "newest 5,000" : ""}</span>
        <div ref={box} className={css.ticks}>{scale && ticksOf(scale, zone).map((tick) => <span key={tick.at} style={{ left: tick.x }}>{tick.label}</span>)}</div>
        <span className="dim small right">in use</span>
      </div>
      {lanes.length === 0 && <Empty title="Nothing ran in the last 6 hours." />}
      {scale && lanes.map((lane) => {
        const named = nameOf(lane);
        return (
          <div key={`${lane.kind} ${lane.name}`} className={css.row}>
            <span className="strong ellipsis" title={named.title}>{named.label}</span>
            <Strip lane={lane} named={named} scale={scale} />
            <span className="right nowrap">{percent(lane.busy)}{lane.kind === "pool" && <span className="dim"> · {count(lane.peak)}{named.slots !== null && ` of ${count(named.slots)}`}</span>}</span>
          </div>
        );
      })}
    </section>
  );
}

/** The last six hours: each device by who had it, each pool by how much of it was taken. */
export function Past({ pools, workers }: { pools: Pool[]; workers: Worker[] }) {
  const query = useQuery({ ...read("/api/v2/timeline"), placeholderData: keepPreviousData, refetchInterval: EACH_MS });
  return <Shown query={query} what="The past can't be read">{(past) => <Lanes past={past} pools={pools} workers={workers} />}</Shown>;
}
