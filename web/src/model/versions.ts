import type { components } from "@/api/schema";

// The writes of a dataset, newest first, as a reader wants them told: what changed against the write before of the same partition,
// and a backfill that wrote a hundred partitions in one line.

export type Version = components["schemas"]["DatasetVersion"];
type Column = NonNullable<Version["columns"]>[number];

/** Against the write before of the same partition. `unknown`: that one isn't among the writes that were read. */
export type Content = "first" | "same" | "differs" | "unknown";

export interface SchemaChange {
  added: Column[];
  removed: Column[];
  retyped: { name: string; from: string; to: string }[];
}

export interface Write {
  version: Version;
  content: Content;
  /** The write before of the same partition. */
  before: Version | null;
  /** Share by which the rows changed, against `before`, or against the partition just before in time where this is a first write. */
  rowsChange: number | null;
  /** Against the same; null: one of the two doesn't say its columns. */
  schema: SchemaChange | null;
}

export function schemaChange(from: Version["columns"], to: Version["columns"]): SchemaChange | null {
  if (!from || !to) return null;
  const old = new Map(from.map((column) => [column.name, column.type]));
  const kept = new Set(to.map((column) => column.name));
  return {
    added: to.filter((column) => !old.has(column.name)),
    removed: from.filter((column) => !kept.has(column.name)),
    retyped: to.flatMap(({ name, type }) => {
      const was = old.get(name);
      return was !== undefined && was !== type ? [{ name, from: was, to: type }] : [];
    }),
  };
}

/** `+ holiday_flag, wind_gust → double, − gust`; null: nothing changed. */
export function schemaWords({ added, removed, retyped }: SchemaChange): string | null {
  const words = [
    ...added.map((column) => `+ ${column.name}`),
    ...retyped.map(({ name, to }) => `${name} → ${to}`),
    ...removed.map((column) => `− ${column.name}`),
  ];
  return words.length ? words.join(", ") : null;
}

/** `complete`: these are all writes there are, so that what has none before it is the first. */
export function tellWrites(newestFirst: readonly Version[], complete: boolean): Write[] {
  const newestOf = new Map<string, Version>();
  const partitions: string[] = []; // in the order of time
  const told: Write[] = [];
  for (let index = newestFirst.length - 1; index >= 0; index -= 1) {
    const version = newestFirst[index]!;
    const before = newestOf.get(version.partition) ?? null;
    let place = partitions.length;
    while (place > 0 && partitions[place - 1]! > version.partition) place -= 1;
    const neighbour = before ?? (place > 0 ? newestOf.get(partitions[place - 1]!) ?? null : null);
    if (!before) partitions.splice(place, 0, version.partition);
    newestOf.set(version.partition, version);
    told.push({
      version, before,
      content: before ? (before.version === version.version ? "same" : "differs") : complete ? "first" : "unknown",
      rowsChange: neighbour?.rows && version.rows !== null ? version.rows / neighbour.rows - 1 : null,
      schema: neighbour ? schemaChange(neighbour.columns, version.columns) : null,
    });
  }
  return told.reverse();
}

export interface Fold {
  kind: "fold";
  /** Its newest version: stays the same while older ones are read. */
  key: number;
  by: string | null;
  writes: Write[];
  counts: Record<Content, number>;
}
export type VersionRow = { kind: "write"; write: Write } | Fold;

const SHOWN_OF_A_BACKFILL = 2;
const LEAST_FOLDED = 3;

function foldOf(by: string | null, writes: Write[]): Fold {
  const counts: Record<Content, number> = { first: 0, same: 0, differs: 0, unknown: 0 };
  for (const write of writes) counts[write.content] += 1;
  return { kind: "fold", key: writes[0]!.version.id, by, writes, counts };
}

/**
 * Rows of a table: of what one backfill wrote in a row the newest two, then a line for the others; of other writes in a row that left
 * the content as it was, the newest and a line for the others. `byOf` names the backfill (null: none).
 */
export function foldWrites(writes: readonly Write[], byOf: (version: Version) => string | null): VersionRow[] {
  const rows: VersionRow[] = [];
  for (let at = 0; at < writes.length;) {
    const by = byOf(writes[at]!.version);
    const same = writes[at]!.content === "same";
    let end = at + 1;
    while (end < writes.length && byOf(writes[end]!.version) === by && (by !== null || (same && writes[end]!.content === "same"))) end += 1;
    const shown = by !== null ? SHOWN_OF_A_BACKFILL : 1;
    const folded = end - at - shown >= LEAST_FOLDED ? end - at - shown : 0;
    for (const write of writes.slice(at, end - folded)) rows.push({ kind: "write", write });
    if (folded) rows.push(foldOf(by, writes.slice(end - folded, end)));
    at = end;
  }
  return rows;
}

/** `90 wrote the same content, 1 differs`. */
export function countWords({ first, same, differs, unknown }: Record<Content, number>): string {
  const all = first + same + differs + unknown;
  if (all === same) return "all wrote the same content";
  if (all === first) return "each the first of its partition";
  if (all === differs) return "all differ";
  const words = [
    same && `${same} wrote the same content`,
    differs && `${differs} ${differs === 1 ? "differs" : "differ"}`,
    first && `${first} ${first === 1 ? "is the first" : "are the first"} of ${first === 1 ? "its" : "their"} partition`,
    unknown && `${unknown} without an older one to compare with`,
  ].filter(Boolean);
  return words.join(", ");
}

export interface BackfillSpan {
  id: number;
  from_date: string | null;
  to_date: string | null;
  dates: string[];
  created_at: string;
  completed_at: string | null;
}

/**
 * The backfill that wrote a version: versions don't say it, so it is the newest of its DAG's that had this date in its range and was
 * under way at that moment. Backfills of one DAG that are under way together share no date.
 */
export function backfillOf(version: Version, backfills: readonly BackfillSpan[]): number | null {
  const partition = Date.parse(version.partition);
  const written = Date.parse(version.created_at);
  let found: number | null = null;
  for (const each of backfills) {
    const inRange = each.dates.length
      ? each.dates.some((date) => Date.parse(date) === partition)
      : each.from_date !== null && each.to_date !== null && Date.parse(each.from_date) <= partition && partition <= Date.parse(each.to_date);
    const underWay = Date.parse(each.created_at) <= written && (each.completed_at === null || written <= Date.parse(each.completed_at) + 1000);
    if (inRange && underWay && (found === null || each.id > found)) found = each.id;
  }
  return found;
}

/** How a run came to be, by the prefix that the daemon gives its id. */
export function originOf(runId: string): string {
  const kind = runId.split("__", 1)[0] ?? "";
  return ["scheduled", "manual", "backfill", "dataset"].includes(kind) ? kind : runId;
}

/** `b3:f4895213`: what is enough to tell two apart, and for the command line. */
export function shortDigest(version: string): string {
  return version.slice(0, 11);
}
