import type { PlanAnswer } from "./backfill_plan";
import { instant } from "./time";

// The estimate of a dry run as a picture: lanes of runs from now on, and how full the pool would be.

export interface Forecast {
  from: number;
  to: number;
  /** Round clock times between. */
  ticks: number[];
  /** Runs side by side; more than five are drawn as five. */
  lanes: { from: number; to: number }[][];
  atOnce: number;
  endsAt: number;
  /** Nine of ten times it has ended then. */
  surelyAt: number;
  pool: { name: string; slots: number; points: { at: number; used: number }[] } | null;
}

const MINUTE = 60_000;
const STEPS = [1 / 12, 1 / 6, 1 / 2, 1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 20_160, 43_200, 129_600].map((minutes) => minutes * MINUTE);

/** Between `from` and `to`, at most `most`, on multiples of a round step. */
export function clockTicks(from: number, to: number, most = 8): number[] {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? STEPS.at(-1)!;
  const out: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) out.push(at);
  return out;
}

/** null: nothing would run, or there are no past runs to tell from. */
export function forecastOf(estimate: PlanAnswer["estimate"], runs: number, now: number, most = 5): Forecast | null {
  const { seconds, mean_run_seconds: mean, p90_seconds: p90 } = estimate;
  if (!runs || seconds === null || mean === null || seconds <= 0) return null;
  const atOnce = Math.max(1, Math.min(estimate.max_active_runs, runs));
  const shown = Math.min(atOnce, most);
  const endsAt = now + seconds * 1000;
  const surelyAt = Math.max(endsAt, now + (p90 ?? seconds) * 1000);
  const to = now + (surelyAt - now) * 1.06;
  // As long as the runs of a lane need, one after the other; where pools hold them back they wait in between.
  const perLane = runs / atOnce;
  const length = Math.min(Math.max(mean * 1000, 1), endsAt - now);
  const drawn = Math.max(1, Math.min(Math.round(perLane), 160));
  const pitch = (endsAt - now) / drawn;
  const lanes = Array.from({ length: shown }, (_, lane) => {
    const late = (lane / shown) * Math.min(pitch * 0.2, length * 0.2);
    return Array.from({ length: drawn }, (_run, index) => {
      const from = now + index * pitch + late;
      // Where there are too many to draw, a bar stands for several of them.
      return { from, to: Math.min(endsAt, from + (drawn < perLane - 1 ? pitch : Math.min(length, pitch * 0.94))) };
    });
  });
  const fullest = [...estimate.pool_series].sort((a, b) => share(b) - share(a))[0];
  return {
    from: now, to, ticks: clockTicks(now, to), lanes, atOnce, endsAt, surelyAt,
    pool: fullest && fullest.slots > 0
      ? { name: fullest.pool, slots: fullest.slots, points: fullest.points.map(({ at, used }) => ({ at: instant(at) ?? now, used })) }
      : null,
  };
}

function share({ slots, points }: PlanAnswer["estimate"]["pool_series"][number]): number {
  return Math.max(0, ...points.map((point) => point.used)) / Math.max(1, slots);
}
