import { forecastOf } from "@/model/backfill_forecast";
import type { PlanAnswer } from "@/model/backfill_plan";
import { clock, duration, shortInstant } from "@/model/time";
import { useWidth } from "@/ui/use_width";
import { useZone, zoneLabel } from "@/ui/zone";

import css from "./new.module.css";

const LEFT = 78;
const TOP = 18;

interface Props {
  estimate: PlanAnswer["estimate"];
  runs: number;
  /** When the estimate was made. */
  at: number;
}

/** If it starts now: runs side by side, when it ends, how full the pool would be. A sketch from averages, and it says so. */
export function ForecastView({ estimate, runs, at }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const { zone } = useZone();
  const found = forecastOf(estimate, runs, at);
  if (!found) {
    return (
      <div className={css.forecast}>
        <p><b className="strong">If you start now</b> <span className="dim">{runs ? "no past run to tell the time from" : "nothing would run"}</span></p>
      </div>
    );
  }
  const scale = Math.max(1, width - LEFT - 8) / (found.to - found.from);
  const x = (time: number) => LEFT + (time - found.from) * scale;
  const long = found.to - found.from > 20 * 3_600_000;
  const brief = found.to - found.from < 6 * 60_000;
  const label = (time: number) => (long ? shortInstant(time, zone, found.from) : clock(time, zone).slice(0, brief ? 8 : 5));
  // No more labels than fit: a tick between keeps its line.
  const every = Math.ceil((found.ticks.length * (long ? 76 : brief ? 56 : 44)) / Math.max(1, width - LEFT));
  const lanesEnd = TOP + found.lanes.length * 11;
  const base = lanesEnd + 50;
  const y = (used: number) => base - (used / Math.max(1, found.pool?.slots ?? 1)) * 38;
  const end = `${clock(found.endsAt, zone).slice(0, 5)} ${zoneLabel(zone)}`;
  return (
    <div className={css.forecast} ref={ref}>
      <p>
        <b className="strong">If you start now</b>{" "}
        <span className="dim">from the last {estimate.samples} run{estimate.samples === 1 ? "" : "s"} that succeeded, {duration(estimate.mean_run_seconds)} each; other work isn't in it</span>
      </p>
      {width > 0 && (
        <svg width={width} height={found.pool ? base + 4 : lanesEnd + 4} fontSize="10.5" fill="var(--ink-3)" role="img" aria-label={`${found.atOnce} at once, ends about ${end}`}>
          {found.ticks.map((tick, index) => (
            <g key={tick}>
              <line x1={x(tick)} x2={x(tick)} y1={TOP - 4} y2={found.pool ? base : lanesEnd} stroke="var(--line)" />
              {index % every === 0 && x(tick) < width - 18 && <text x={x(tick)} y="9" textAnchor="middle">{label(tick)}</text>}
            </g>
          ))}
          <text x="0" y={TOP + (found.lanes.length * 11) / 2 + 2}>{found.atOnce} at once</text>
          {found.lanes.map((lane, row) => lane.map((bar, index) => (
            <rect key={`${row}/${index}`} x={x(bar.from)} y={TOP + row * 11} width={Math.max(0.6, (bar.to - bar.from) * scale)} height="8" rx="2" fill="var(--ink-2)" opacity={index % 4 === row % 4 ? 0.95 : 0.7} />
          )))}
          <rect x={x(found.endsAt)} y={TOP} width={Math.max(0, (found.surelyAt - found.endsAt) * scale)} height={found.lanes.length * 11 - 3} rx="2" fill="none" stroke="var(--ink-3)" strokeDasharray="2 2" />
          {found.pool && (
            <g>
              <text x="0" y={base - 30}>{found.pool.name}, slots</text>
              <text x="0" y={base - 17}>of {found.pool.slots}</text>
              <polygon points={`${x(found.from)},${base} ${found.pool.points.map((point) => `${x(point.at)},${y(point.used)}`).join(" ")} ${x(found.pool.points.at(-1)?.at ?? found.from)},${base}`} fill="var(--ink-3)" opacity=".5" />
              <line x1={LEFT} x2={width - 8} y1={y(found.pool.slots)} y2={y(found.pool.slots)} stroke="var(--ink-3)" strokeDasharray="3 3" />
            </g>
          )}
        </svg>
      )}
    </div>
  );
}
