import type { components } from "@/api/schema";

import { bytes, count, duration, executionDate } from "./time";
import { shortDigest } from "./versions";

// Two runs side by side: what differs between what they were given and what they made, from their manifests.

export type Manifest = components["schemas"]["RunManifest"];
type Task = Manifest["tasks"][number];
type Attempt = Task["attempts"][number];
type Input = Attempt["inputs"][number];
type Output = Attempt["outputs"][number];
type XCom = components["schemas"]["XCom"];

export interface Field {
  key: string;
  label: string;
  a: string;
  b: string;
  differs: boolean;
  /** How they differ, where two texts alone don't say it. */
  note?: string;
}

const NOTHING = "–";

/** A value as a person reads it: texts as they are, the rest as JSON. */
export function valueText(value: unknown): string {
  if (value === undefined) return NOTHING;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function field(key: string, label: string, a: string, b: string, differs = a !== b, note?: string): Field {
  return note === undefined ? { key, label, a, b, differs } : { key, label, a, b, differs, note };
}

function union<K>(a: Iterable<K>, b: Iterable<K>): K[] {
  return [...new Set([...a, ...b])];
}

/** The last try is the one that counts. */
function lastOf(task: Task | undefined): Attempt | undefined {
  return task?.attempts.at(-1);
}

/** What the run's tasks read or wrote, by dataset; what several tasks read counts once. */
function byDataset<T extends { dataset: string; version_id: number }>(manifest: Manifest, of: (attempt: Attempt) => readonly T[]): Map<string, T[]> {
  const found = new Map<string, Map<number, T>>();
  for (const task of manifest.tasks) {
    const attempt = lastOf(task);
    for (const each of attempt ? of(attempt) : []) {
      found.set(each.dataset, (found.get(each.dataset) ?? new Map<number, T>()).set(each.version_id, each));
    }
  }
  return new Map([...found].map(([name, versions]) => [name, [...versions.values()]]));
}

/** `v190, 2013-06-10`, or `35 versions to 2013-03-25`. */
function versionsText(all: readonly Pick<Input, "partition" | "version_id">[] | undefined, zone: string): string {
  const [first] = all ?? [];
  if (!all || !first) return NOTHING;
  if (all.length === 1) return `v${first.version_id}, ${executionDate(first.partition, zone)}`;
  const newest = all.map((each) => each.partition).sort().at(-1);
  return `${count(all.length)} versions to ${executionDate(newest, zone)}`;
}

const contents = (all: readonly Pick<Input, "partition" | "version">[] | undefined) => new Set(all?.map((each) => `${each.partition} ${each.version}`));

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each));
}

function inputFields(a: Manifest, b: Manifest, zoneOf: (dataset: string) => string): Field[] {
  const [left, right] = [byDataset(a, (attempt) => attempt.inputs), byDataset(b, (attempt) => attempt.inputs)];
  return union(left.keys(), right.keys()).map((name) => {
    const [was, is] = [left.get(name), right.get(name)];
    const [before, after] = [contents(was), contents(is)];
    const shared = [...after].filter((each) => before.has(each)).length;
    const differs = !sameSet(before, after);
    const note = differs && before.size > 0 && after.size > 0 && before.size + after.size > 2 ? `${count(shared)} in common` : undefined;
    return field(`input ${name}`, `reads ${name}`, versionsText(was, zoneOf(name)), versionsText(is, zoneOf(name)), differs, note);
  });
}

function outputText(all: readonly Output[] | undefined): string {
  const [first] = all ?? [];
  if (!all || !first) return NOTHING;
  if (all.length > 1) return `${count(all.length)} versions`;
  return [shortDigest(first.version), first.rows === null ? null : `${count(first.rows)} rows`, bytes(first.bytes)].filter(Boolean).join(", ");
}

function outputFields(a: Manifest, b: Manifest): Field[] {
  const [left, right] = [byDataset(a, (attempt) => attempt.outputs), byDataset(b, (attempt) => attempt.outputs)];
  return union(left.keys(), right.keys()).map((name) => {
    const digests = (all: readonly Output[] | undefined) => new Set(all?.map((each) => each.version));
    return field(`output ${name}`, `wrote ${name}`, outputText(left.get(name)), outputText(right.get(name)), !sameSet(digests(left.get(name)), digests(right.get(name))));
  });
}

function paramFields(a: Manifest, b: Manifest): Field[] {
  return union(Object.keys(a.params), Object.keys(b.params)).map((name) =>
    field(`param ${name}`, `param ${name}`, valueText(a.params[name]), valueText(b.params[name])));
}

/** A command without what differs between any two runs: their dates and their own places. */
export function plainCommand(command: string, manifest: Pick<Manifest, "execution_date" | "data_interval_start" | "data_interval_end" | "dag_run_id">): string {
  let plain = command.replaceAll(manifest.dag_run_id, "{{ run_id }}").replace(/\/\.staging\/\d+\//g, "/.staging/…/");
  for (const [name, text] of [["ds", manifest.execution_date ?? manifest.data_interval_start], ["data_interval_start", manifest.data_interval_start], ["data_interval_end", manifest.data_interval_end]] as const) {
    plain = plain.replaceAll(text, `{{ ${name} }}`).replaceAll(text.slice(0, 10), `{{ ${name} }}`).replaceAll(text.slice(0, 10).replaceAll("-", ""), `{{ ${name} }}`);
  }
  return plain;
}

function taskFields(a: Manifest, b: Manifest): Field[] {
  const ids = (manifest: Manifest) => [...new Set(manifest.tasks.map((task) => task.task_id))];
  const [left, right] = [ids(a), ids(b)];
  const gone = left.filter((id) => !right.includes(id));
  const added = right.filter((id) => !left.includes(id));
  const note = [...added.map((id) => `+ ${id}`), ...gone.map((id) => `− ${id}`)].join(", ");
  const fields = [field("tasks", "Tasks", count(left.length), count(right.length), gone.length + added.length > 0, note || undefined)];
  for (const id of left.filter((each) => right.includes(each))) {
    const of = (manifest: Manifest) => manifest.tasks.filter((task) => task.task_id === id);
    const [was, is] = [of(a), of(b)];
    if (was.length !== is.length) fields.push(field(`instances ${id}`, `instances of ${id}`, count(was.length), count(is.length)));
    const [one, other] = [lastOf(was[0]), lastOf(is[0])];
    if (one && other) {
      fields.push(field(`command ${id}`, `command of ${id}`, one.command, other.command, plainCommand(one.command, a) !== plainCommand(other.command, b)));
      if (one.memory_bytes !== other.memory_bytes) fields.push(field(`memory ${id}`, `memory of ${id}`, bytes(one.memory_bytes), bytes(other.memory_bytes)));
    }
    const tries = (all: Task[]) => Math.max(0, ...all.map((task) => task.attempts.length));
    if (tries(was) !== tries(is)) fields.push(field(`tries ${id}`, `tries of ${id}`, count(tries(was)), count(tries(is))));
  }
  return fields;
}

function namesText(names: Iterable<string>): string {
  return [...new Set(names)].sort().join(", ") || NOTHING;
}

function placeFields(a: Manifest, b: Manifest): Field[] {
  const attempts = (manifest: Manifest) => manifest.tasks.flatMap((task) => task.attempts.slice(-1));
  const hosts = (manifest: Manifest) => namesText(attempts(manifest).flatMap((attempt) => (attempt.host ? [attempt.host] : [])));
  const devices = (manifest: Manifest) => namesText(attempts(manifest).flatMap((attempt) => attempt.devices));
  const env = (manifest: Manifest) => namesText(manifest.tasks.flatMap((task) => task.env));
  return [
    field("host", "Host", hosts(a), hosts(b)), field("devices", "Devices", devices(a), devices(b)), field("env", "Environment names", env(a), env(b)),
  ];
}

/** Everything that can be compared, in the order in which a reader asks. Dates are those of each run's DAG. */
export function compareManifests(a: Manifest, b: Manifest, zones: { a: string; b: string }, zoneOf: (dataset: string) => string): Field[] {
  const code = ({ dag_version: { number, hash } }: Manifest) => `v${number}, ${hash.slice(0, 7)}`;
  return [
    ...(a.dag_id === b.dag_id ? [] : [field("dag", "DAG", a.dag_id, b.dag_id)]),
    field("date", "Execution date", executionDate(a.execution_date, zones.a), executionDate(b.execution_date, zones.b)),
    field("state", "State", a.state, b.state),
    field("code", "DAG version", code(a), code(b), a.dag_version.hash !== b.dag_version.hash),
    ...paramFields(a, b),
    ...inputFields(a, b, zoneOf),
    ...outputFields(a, b),
    field("type", "Run type", a.run_type, b.run_type),
    field("by", "Started by", a.triggered_by, b.triggered_by),
    ...taskFields(a, b),
    ...placeFields(a, b),
  ];
}

const LEAD = 10;

/** Two long texts from a little before where they part: a command differs in its middle, and a cell shows its beginning. */
export function whereTheyPart(a: string, b: string, room: number): [string, string] {
  if (Math.max(a.length, b.length) <= room) return [a, b];
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same += 1;
  const cut = Math.min(same - LEAD, Math.max(a.length, b.length) - room);
  return cut <= LEAD ? [a, b] : [`…${a.slice(cut)}`, `…${b.slice(cut)}`];
}

export interface Result {
  key: string;
  label: string;
  a: number;
  b: number;
  /** (b − a) / |a|; null where a is 0 and b isn't. */
  change: number | null;
}

const resultKey = (each: Pick<XCom, "task_id" | "map_index" | "key">) => `${each.task_id}/${each.map_index}/${each.key}`;
const resultLabel = (each: Pick<XCom, "task_id" | "map_index" | "key">) => `${each.task_id}${each.map_index < 0 ? "" : `[${each.map_index}]`} ${each.key}`;

/** Outputs that are numbers in both runs, in the order of the tasks. */
export function compareResults(a: readonly XCom[], b: readonly XCom[]): Result[] {
  const others = new Map(b.map((each) => [resultKey(each), each.value as unknown]));
  return a.flatMap((each) => {
    const [was, is] = [each.value as unknown, others.get(resultKey(each))];
    if (typeof was !== "number" || typeof is !== "number") return [];
    return [{ key: resultKey(each), label: resultLabel(each), a: was, b: is, change: was === is ? 0 : was === 0 ? null : (is - was) / Math.abs(was) }];
  });
}

/** Other outputs, as fields. `ended`: both runs have, so that what only one has isn't just late. */
export function otherResults(a: readonly XCom[], b: readonly XCom[], ended: boolean): Field[] {
  const [left, right] = [new Map(a.map((each) => [resultKey(each), each])), new Map(b.map((each) => [resultKey(each), each]))];
  return union(left.keys(), right.keys()).flatMap((key) => {
    const [was, is] = [left.get(key), right.get(key)];
    if (typeof was?.value === "number" && typeof is?.value === "number") return [];
    if (!ended && (!was || !is)) return [];
    return [field(`result ${key}`, `output ${resultLabel((was ?? is)!)}`, valueText(was?.value), valueText(is?.value))];
  });
}

/** A number with as many digits as tell two neighbours apart. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return count(value);
  const size = Math.abs(value);
  return size >= 1000 ? count(Math.round(value)) : value.toLocaleString("en-GB", { maximumSignificantDigits: 5 });
}

export function changeText({ a, b, change }: Pick<Result, "a" | "b" | "change">): string {
  if (a === b) return "same";
  const sign = b > a ? "+" : "−";
  const difference = Number((Math.abs(b - a)).toPrecision(4));
  return `${sign}${numberText(difference)}${change === null || Math.abs(change) < 0.0005 ? "" : `, ${sign}${(Math.abs(change) * 100).toFixed(Math.abs(change) < 0.1 ? 1 : 0)}%`}`;
}

/** `+4m 50s`, `−2 s`, `same`. */
export function differenceText(seconds: number): string {
  if (Math.abs(seconds) < 0.05) return "same";
  return `${seconds > 0 ? "+" : "−"}${duration(Math.abs(seconds))}`;
}
