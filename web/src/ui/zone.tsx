import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { useSearch } from "wouter";

import { clock, DISPLAY_ZONES, fullInstant, instant, offsetText, relative, shortInstant, type ZoneChoice } from "@/model/time";

import { usePreferences } from "./preferences";
import { Tip } from "./tip";

/** The zone of the DAG that the page is about, for those who choose to see instants in it. */
const DagZone = createContext<string | null>(null);

export function DagZoneProvider({ zone, children }: { zone: string | null | undefined; children: ReactNode }) {
  return <DagZone.Provider value={zone ?? null}>{children}</DagZone.Provider>;
}

export const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function useDagZone(): string | null {
  return useContext(DagZone);
}

/** The choice (`?tz=` of a shared link wins over the kept one) and the zone it means on this page. */
export function useZone(): { choice: ZoneChoice; zone: string } {
  const dagZone = useContext(DagZone);
  const kept = usePreferences().zone;
  const asked = new URLSearchParams(useSearch()).get("tz") as ZoneChoice | null;
  const choice = asked && DISPLAY_ZONES.includes(asked) ? asked : kept;
  return { choice, zone: choice === "browser" ? browserZone() : choice === "dag" ? (dagZone ?? "UTC") : "UTC" };
}

const ticking = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Date.now();

function onTick(tell: () => void): () => void {
  ticking.add(tell);
  timer ??= setInterval(() => {
    if (document.hidden) return;
    second = Date.now();
    for (const each of ticking) each();
  }, 1000);
  return () => {
    ticking.delete(tell);
    if (ticking.size) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** While nobody listens the clock stands: whoever comes first sets it. */
function secondNow(): number {
  if (!timer) second = Date.now();
  return second;
}

/** What `make` says of the time, in milliseconds since 1970: a component is drawn anew only when that changes. One timer for all. */
export function useClock<T extends string | number>(make: (now: number) => T): T {
  return useSyncExternalStore(onTick, () => make(secondNow()));
}

/** The time in steps of `ms`: for what grows slower than a second shows. */
export function useSteps(ms: number): number {
  return useClock((now) => Math.floor(now / ms) * ms);
}

/** Milliseconds since 1970, anew each second while the page is visible: ages and countdowns. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => onTick(() => setNow(second)), []);
  return now;
}

/** An instant in the chosen zone; its tip has the three zones and the age. `as`: date and time, the clock alone, or the age. */
export function Instant({ at, as = "short" }: { at: string | number | null | undefined; as?: "short" | "clock" | "relative" | "full" }) {
  const when = typeof at === "number" ? at : instant(at);
  const { zone } = useZone();
  const dagZone = useDagZone();
  const text = useClock((now) => when === null ? ""
    : as === "relative" ? relative(when, now)
    : as === "clock" ? clock(when, zone)
    : as === "full" ? fullInstant(when, zone)
    : shortInstant(when, zone, now));
  if (when === null) return <span className="dim">–</span>;
  return (
    <Tip text={() => `${zonesText(when, dagZone)}\n${relative(when, Date.now())}`}>
      <time dateTime={new Date(when).toISOString()} className="nowrap">{text}</time>
    </Tip>
  );
}

function zonesText(when: number, dagZone: string | null): string {
  const zones = [...new Set(["UTC", browserZone(), ...(dagZone ? [dagZone] : [])])];
  return zones.map((each) => `${fullInstant(when, each)}${each === "UTC" ? "" : ` ${each}`}`).join("\n");
}

/** `UTC`, or the chosen zone with its offset now. */
export function zoneLabel(zone: string): string {
  return zone === "UTC" ? "UTC" : `${zone.split("/").pop()!.replaceAll("_", " ")} ${offsetText(zone, Date.now())}`;
}
