import type { Answer } from "@/api/client";

// The audit log as a person reads it: which things a request changed, and in them what.

export type AuditRow = Answer<"/api/v2/auditLogs">["audit_logs"][number];

export interface FieldChange {
  field: string;
  /** null: there was none. */
  before: string | null;
  after: string | null;
}
export interface ObjectChange {
  name: string;
  how: "created" | "changed" | "deleted";
  fields: FieldChange[];
}

type Values = Record<string, unknown>;

function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in one line; text stays as it is. */
export function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** `dag_run 7`, `variable region`. */
function nameOf(object: unknown, key: unknown): string {
  const keys = isValues(key) ? Object.values(key).map(valueText) : [];
  return [String(object ?? "object"), ...keys].join(" ");
}

const isEmpty = (value: unknown) => value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

export function fieldChanges(before: unknown, after: unknown): FieldChange[] {
  const [old, now] = [isValues(before) ? before : {}, isValues(after) ? after : {}];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names
    .map((field) => ({ field, before: field in old ? valueText(old[field]) : null, after: field in now ? valueText(now[field]) : null }))
    .filter(({ field, before: was, after: is }) => was !== is && !(was === null && isEmpty(now[field])) && !(is === null && isEmpty(old[field])));
}

/** The changes of a row, and how many more the daemon left out. */
export function changesOf(row: { changes: readonly object[] }): { changes: ObjectChange[]; leftOut: number } {
  let leftOut = 0;
  const changes: ObjectChange[] = [];
  for (const change of row.changes as Values[]) {
    if (typeof change.left_out === "number") {
      leftOut += change.left_out;
      continue;
    }
    const how = !isValues(change.before) ? "created" : !isValues(change.after) ? "deleted" : "changed";
    changes.push({ name: nameOf(change.object, change.key), how, fields: fieldChanges(change.before, change.after) });
  }
  return { changes, leftOut };
}

/** `backfill 1, 6 × dag_run`: what a request touched, in short. */
export function touchedWords(row: { changes: readonly object[] }): string {
  const { changes, leftOut } = changesOf(row);
  const groups = new Map<string, Set<string>>();
  for (const { name } of changes) {
    const [object] = name.split(" ", 1) as [string];
    groups.set(object, (groups.get(object) ?? new Set()).add(name));
  }
  const words = [...groups].map(([object, names]) => (names.size === 1 ? [...names][0]! : `${names.size} × ${object}`));
  if (leftOut) words.push(`${leftOut} more`);
  return words.join(", ") || "nothing";
}
