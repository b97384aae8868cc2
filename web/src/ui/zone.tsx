import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
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

/** Milliseconds since 1970, anew each second while the page is visible: ages and countdowns. One timer for all. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const tick = () => setNow(Date.now());
    ticking.add(tick);
    timer ??= setInterval(() => {
      if (!document.hidden) for (const each of ticking) each();
    }, 1000);
    return () => {
      ticking.delete(tick);
      if (!ticking.size) {
        clearInterval(timer);
        timer = undefined;
      }
    };
  }, []);
  return now;
}

/** An instant in the chosen zone; its tip has the three zones and the age. `as`: date and time, the clock alone, or the age. */
export function Instant({ at, as = "short" }: { at: string | number | null | undefined; as?: "short" | "clock" | "relative" | "full" }) {
  const when = typeof at === "number" ? at : instant(at);
  const { zone } = useZone();
  const dagZone = useDagZone();
  const now = useNow();
  const tip = useMemo(() => {
    if (when === null) return "";
    const zones = [...new Set(["UTC", browserZone(), ...(dagZone ? [dagZone] : [])])];
    return zones.map((each) => `${fullInstant(when, each)}${each === "UTC" ? "" : ` ${each}`}`).join("\n");
  }, [when, dagZone]);
  if (when === null) return <span className="dim">–</span>;
  const text =
    as === "relative" ? relative(when, now)
    : as === "clock" ? clock(when, zone)
    : as === "full" ? fullInstant(when, zone)
    : shortInstant(when, zone, now);
  return (
    <Tip text={`${tip}\n${relative(when, now)}`}>
      <time dateTime={new Date(when).toISOString()} className="nowrap">{text}</time>
    </Tip>
  );
}

/** `UTC`, or the chosen zone with its offset now. */
export function zoneLabel(zone: string): string {
  return zone === "UTC" ? "UTC" : `${zone.split("/").pop()!.replaceAll("_", " ")} ${offsetText(zone, Date.now())}`;
}
