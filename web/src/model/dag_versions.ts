import type { Answer } from "@/api/client";

// The versions of a DAG: which there are, who put them in force and when, and what differs between two.

export type DagVersion = Answer<"/api/v2/dags/{dag_id}/dagVersions">["dag_versions"][number];
export type EventLine = Answer<"/api/v2/eventLogs">["event_logs"][number];
export type VersionsDiff = Answer<"/api/v2/ui/dags/{dag_id}/versions/diff">;

export interface VersionRow {
  number: number;
  createdAt: string;
  hash: string;
  fileName: string;
  /** Who made it, where the record says; "" else. */
  by: string;
  current: boolean;
}

/** The number that the record of events has for a version: it is in the version's id. */
export function rowIdOf(uuid: string): number {
  const [, , , high = "", low = ""] = uuid.split("-");
  return (Number.parseInt(high.slice(1), 16) || 0) * 2 ** 48 + (Number.parseInt(low, 16) || 0);
}

/** `submitted by ana` and `changed by dag folder`: who. */
export function authorOf(cause: string | null): string {
  const who = /^(?:submitted|changed) by (.+)$/.exec(cause ?? "")?.[1] ?? "";
  return who === "dag folder" ? "the watched folder" : who;
}

/** Newest first. A version's author is who first put it in force: going back to it later makes no new one. */
export function versionRows(versions: readonly DagVersion[], events: readonly EventLine[], current: number): VersionRow[] {
  const by = new Map<number, { id: number; who: string }>();
  for (const event of events) {
    const version = Number(event.to);
    const who = authorOf(event.cause ?? null);
    const known = by.get(version);
    if (who && (!known || event.event_log_id < known.id)) by.set(version, { id: event.event_log_id, who });
  }
  return versions
    .map((version) => ({
      number: version.version_number, createdAt: version.created_at, hash: version.hash, fileName: version.file_name,
      by: by.get(rowIdOf(version.id))?.who ?? "", current: version.version_number === current,
    }))
    .sort((a, b) => b.number - a.number);
}

export interface Chosen {
  /** The version that is shown. */
  version: number;
  /** What it is compared with, or null: its source alone. */
  against: number | null;
}

/** What the URL names as far as it exists; without anything the version in force. */
export function chosenVersions(v: string, diff: string, numbers: readonly number[], current: number): Chosen {
  const known = (text: string) => (numbers.includes(Number(text)) ? Number(text) : null);
  const version = known(v) ?? current;
  const against = known(diff);
  return { version, against: against === version ? null : against };
}

/** The version before it: what a diff begins with. The first has none. */
export function beforeOf(version: number, numbers: readonly number[]): number | null {
  const older = numbers.filter((number) => number < version);
  return older.length ? Math.max(...older) : null;
}

export interface Rewired {
  task: string;
  gained: string[];
  lost: string[];
}

/** What a task waits for now and didn't before, and the other way round. */
export function rewiredOf(diff: VersionsDiff): Rewired[] {
  return diff.rewired.map(({ task_id, upstream_before, upstream_after }) => ({
    task: task_id,
    gained: upstream_after.filter((id) => !upstream_before.includes(id)),
    lost: upstream_before.filter((id) => !upstream_after.includes(id)),
  }));
}

export function sameStructure(diff: VersionsDiff): boolean {
  return !diff.added.length && !diff.removed.length && !diff.rewired.length && !diff.changed.length;
}
