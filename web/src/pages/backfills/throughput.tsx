import { useMemo } from "react";

import { stepText, throughputOf, ticksOf } from "@/model/backfill_throughput";
import { clock, count, instant, shortInstant } from "@/model/time";
import { Card } from "@/ui/surface";
import { useWidth } from "@/ui/use_width";
import { useNow, useZone } from "@/ui/zone";

import { type Backfill, NEWEST } from "./live";
import css from "./one.module.css";

interface Props {
  backfill: Backfill;
  items: readonly { end_date: string | null }[];
}

const HEIGHT = 172;
const BASE = 146;
const TOP = 10;

/** Runs that ended, by buckets of time, and dashed what is to come at the pace of late. */
export function ThroughputCard({ backfill, items }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const { zone } = useZone();
  const second = useNow();
  const now = Math.floor(second / 5_000) * 5_000;
  const begun = instant(backfill.created_at) ?? 0;
  // Runs that were there before it and are kept ended earlier.
  const ends = useMemo(() => items.flatMap((item) => instant(item.end_date) ?? []).filter((end) => end >= begun), [items, begun]);
  const left = backfill.counts.queued + backfill.counts.running;
  const endsAt = backfill.completed_at ? null : instant(backfill.progress?.ends_at);
  const found = throughputOf(ends, now, left, endsAt);
  const part = backfill.counts.total - backfill.counts.queued > NEWEST;
  return (
    <Card title="Throughput" tools={<span className="dim small">{found ? `runs per ${stepText(found.step)}${part ? `, the newest ${count(ends.length)}` : ""}` : ""}</span>} className={css.throughput}>
      <div ref={ref} className={css.chart}>
        {!found && <p className={css.nothing}>No run has ended.</p>}
        {found && width > 0 && (() => {
          const ticks = ticksOf(found.highest);
          const top = ticks.at(-1)!;
          const buckets = [...found.past, ...found.ahead];
          const left0 = 18 + 6.4 * count(top).length;
          const pitch = (width - left0 - 4) / buckets.length;
          const y = (value: number) => BASE - (value / top) * (BASE - TOP);
          const x = (index: number) => left0 + index * pitch;
          const short = found.step < 60;
          const label = (at: number) => (buckets.at(-1)!.from - buckets[0]!.from > 20 * 3_600_000 ? shortInstant(at, zone, now) : clock(at, zone).slice(0, short ? 8 : 5));
          const half = Math.floor(found.past.length / 2);
          return (
            <svg width={width} height={HEIGHT} fontSize="10.5" fill="var(--ink-3)" role="img" aria-label={`${ends.length} runs ended, at most ${found.highest.toFixed(0)} in ${stepText(found.step)}`}>
              {ticks.map((tick) => (
                <g key={tick}><line x1={left0 - 4} x2={width} y1={y(tick)} y2={y(tick)} stroke="var(--line)" /><text x={left0 - 10} y={y(tick) + 3.5} textAnchor="end">{count(tick)}</text></g>
              ))}
              {found.past.map((bucket, index) => <rect key={bucket.from} x={x(index) + 1} y={y(bucket.ended)} width={Math.max(1, pitch - 2.5)} height={BASE - y(bucket.ended)} rx="1.5" fill="var(--ink-3)" opacity=".6"><title>{`${label(bucket.from)}: ${bucket.ended}`}</title></rect>)}
              {found.ahead.map((bucket, index) => <rect key={bucket.from} x={x(found.past.length + index) + 1.5} y={y(bucket.ended)} width={Math.max(1, pitch - 3.5)} height={Math.max(0, BASE - y(bucket.ended) - 1)} rx="1.5" fill="none" stroke="var(--ink-3)" strokeOpacity=".55" strokeDasharray="2 2" />)}
              {(found.past.length > 4 || !found.ahead.length) && <text x={left0} y={HEIGHT - 10}>{label(found.past[0]!.from)}</text>}
              {found.past.length > 8 && <text x={x(half)} y={HEIGHT - 10} textAnchor="middle">{label(found.past[half]!.from)}</text>}
              {found.ahead.length > 0 && <text x={x(found.past.length)} y={HEIGHT - 10} textAnchor="middle" fontWeight="600" fill="var(--ink)">now</text>}
              {buckets.length > 3 && <text x={width} y={HEIGHT - 10} textAnchor="end">{found.isCut ? "until " : ""}{label(endsAt ?? found.past.at(-1)!.from + found.step * 1000)}</text>}
            </svg>
          );
        })()}
      </div>
    </Card>
  );
}
