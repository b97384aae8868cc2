import type { components } from "@/api/schema";

import { dateIn } from "./calendar";

// A dataset's partitions as days of a year: what is there, and why something isn't, as far as the producer's runs say.

type Partition = components["schemas"]["DatasetPartition"];
type RunDay = Pick<components["schemas"]["UiCalendar"]["days"][number], "date" | "state">;

export interface PartitionDay {
  partitions: Partition[];
  /** Writes of all of them. */
  writes: number;
  /** The producer's run of that day, where it ran and wrote nothing. */
  missing: string | null;
}

/** Days by their date in the producer's zone. `runs`: states of that DAG's days, which tell why a day has no partition. */
export function partitionDays(partitions: readonly Partition[], runs: readonly RunDay[], zone: string): Map<string, PartitionDay> {
  const days = new Map<string, PartitionDay>();
  for (const each of partitions) {
    const date = dateIn(zone, Date.parse(each.partition));
    const day = days.get(date) ?? { partitions: [], writes: 0, missing: null };
    day.partitions.push(each);
    day.writes += each.versions;
    days.set(date, day);
  }
  for (const { date, state } of runs) {
    if (!days.has(date)) days.set(date, { partitions: [], writes: 0, missing: state });
  }
  return days;
}

/** Of which years there are partitions, newest first. */
export function yearsOf(partitions: readonly Partition[], zone: string): number[] {
  return [...new Set(partitions.map((each) => Number(dateIn(zone, Date.parse(each.partition)).slice(0, 4))))].sort((a, b) => b - a);
}

/** `written 3 times`, `24 partitions, written 48 times`, `no partition: its run failed`. */
export function dayWords({ partitions, writes, missing }: PartitionDay): string {
  if (missing !== null) {
    const reason: Record<string, string> = { failed: "its run failed", running: "its run is under way", queued: "its run waits", success: "its run wrote nothing" };
    return `no partition: ${reason[missing] ?? `its run is ${missing}`}`;
  }
  const times = writes === 1 ? "written once" : `written ${writes} times`;
  return partitions.length === 1 ? times : `${partitions.length} partitions, ${times}`;
}
