import { parseRunName, rangeOf } from "./run_address";

// A DAG's params as a form: each is a text until it is sent, since a half-typed number is a text too.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type ParamKind = "string" | "integer" | "number" | "boolean" | "date" | "timestamp" | "array" | "object";

/** Of `GET dags/{id}/details`. */
export interface DagParam {
  /** Its default; no type takes null, so null says that there is none. */
  value: unknown;
  description: string | null;
  schema: { type: string; enum?: unknown[]; minimum?: number; maximum?: number; pattern?: string };
}

export interface Param {
  name: string;
  kind: ParamKind;
  description: string | null;
  /** The text of its default; null: a value has to be given. */
  standard: string | null;
  /** Of an enum: the texts to choose from. */
  choices: string[] | null;
  /** "1 to 90", "at least 1", "matches ^[a-z]*$"; null where anything of its type will do. */
  limits: string | null;
}

const KINDS: readonly string[] = ["string", "integer", "number", "boolean", "date", "timestamp", "array", "object"];
const plain = (kind: ParamKind) => kind === "string" || kind === "date" || kind === "timestamp";

/** How a value stands in its field: text as it is, all else as JSON. */
export function textOf(kind: ParamKind, value: unknown): string {
  if (plain(kind) && typeof value === "string") return value;
  return kind === "array" || kind === "object" ? JSON.stringify(value, null, 1).replace(/\n\s*/g, " ") : JSON.stringify(value);
}

function limitsOf({ minimum, maximum, pattern }: DagParam["schema"]): string | null {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `at least ${minimum}`;
  if (maximum !== undefined) return `at most ${maximum}`;
  return pattern ? `matches ${pattern}` : null;
}

export function paramsOf(found: Record<string, DagParam> | undefined): Param[] {
  return Object.entries(found ?? {}).map(([name, { value, description, schema }]) => {
    const kind = (KINDS.includes(schema.type) ? schema.type : "string") as ParamKind;
    return {
      name, kind, description, limits: limitsOf(schema),
      standard: value === null || value === undefined ? null : textOf(kind, value),
      choices: schema.enum?.length ? schema.enum.map((each) => textOf(kind, each)) : null,
    };
  });
}

export type Read = { value: Json } | { fault: string };

/** What a field's text means; only its form is looked at, limits are the API's to judge. */
export function readParam(kind: ParamKind, text: string): Read {
  if (kind === "string") return { value: text };
  const trimmed = text.trim();
  if (kind === "date") {
    return /^\d{4}-\d\d-\d\d$/.test(trimmed) ? { value: trimmed } : { fault: "a date looks like 2013-06-11" };
  }
  if (kind === "timestamp") {
    const range = rangeOf(parseRunName(trimmed), "UTC");
    return range ? { value: trimmed } : { fault: "a time looks like 2013-06-11T05:30:00Z" };
  }
  let value: Json;
  try {
    value = JSON.parse(trimmed) as Json;
  } catch {
    return { fault: kind === "array" || kind === "object" ? "isn't JSON yet" : `isn't ${kind === "integer" ? "an" : "a"} ${kind}` };
  }
  const fits =
    kind === "integer" ? Number.isInteger(value)
    : kind === "number" ? typeof value === "number"
    : kind === "boolean" ? typeof value === "boolean"
    : kind === "array" ? Array.isArray(value)
    : typeof value === "object" && value !== null && !Array.isArray(value);
  if (fits) return { value };
  return { fault: kind === "array" ? 'a list looks like ["a", "b"]' : kind === "object" ? 'an object looks like {"a": 1}' : `isn't ${kind === "integer" ? "an" : "a"} ${kind}` };
}

/**
 * What is sent: the params that differ from their defaults. `texts`: what was typed, by name; what isn't there has its default.
 * `faults` by name.
 */
export function confOf(params: readonly Param[], texts: Readonly<Record<string, string>>) {
  const conf: Record<string, Json> = {};
  const faults: Record<string, string> = {};
  for (const { name, kind, standard } of params) {
    const text = texts[name];
    if (standard === null && !text) faults[name] = "has no default and needs a value";
    if (text === undefined || text === standard) continue;
    // An emptied field is an empty text where text is wanted, else "as if it weren't there".
    if (text.trim() === "" && kind !== "string") continue;
    const read = readParam(kind, text);
    if ("fault" in read) faults[name] = read.fault;
    else if (standard !== null || text) conf[name] = read.value;
  }
  return { conf, faults };
}

interface Said {
  loc?: (string | number)[];
  msg: string;
}

/** The API's faults: those of params by name, the others as sentences. `field`: what the conf is called in that body. */
export function faultsOf(errors: readonly Said[], field: string): { params: Record<string, string>; others: string[] } {
  const params: Record<string, string> = {};
  const others: string[] = [];
  for (const { loc = [], msg } of errors) {
    const [where, member, name] = loc;
    if (where === "body" && member === field && typeof name === "string") params[name] = msg;
    else others.push(member === undefined || where !== "body" ? msg : `${String(member)}: ${msg}`);
  }
  return { params, others };
}
