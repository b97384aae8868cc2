import { confOf, type Json, type Param } from "./params";
import { apiTime, typedDate, typedDates } from "./typed_date";

// The wizard's form: texts as they are typed. The URL holds all of it, so that a plan can be sent to a colleague.

export const REPROCESS = ["none", "failed", "completed"] as const;
export type Reprocess = (typeof REPROCESS)[number];

export interface BackfillForm {
  dag: string;
  by: "range" | "dates";
  from: string;
  to: string;
  dates: string;
  reprocess: Reprocess;
  backwards: boolean;
  tasks: string[];
  upstream: boolean;
  downstream: boolean;
  /** What was typed, by name; a param that isn't there has its default. */
  params: Record<string, string>;
  pinned: boolean;
  pool: string;
  priority: string;
  runs: string;
  cascade: boolean;
  description: string;
}

export const NEW_FORM: BackfillForm = {
  dag: "", by: "range", from: "", to: "", dates: "", reprocess: "none", backwards: false, tasks: [], upstream: false,
  downstream: false, params: {}, pinned: false, pool: "", priority: "", runs: "", cascade: false, description: "",
};

const TEXTS = ["dag", "from", "to", "dates", "pool", "priority", "runs", "description"] as const;
const FLAGS = ["backwards", "upstream", "downstream", "pinned", "cascade"] as const;

export function formOf(search: URLSearchParams): BackfillForm {
  const form: BackfillForm = { ...NEW_FORM, tasks: search.getAll("task"), params: {} };
  for (const name of TEXTS) form[name] = search.get(name) ?? "";
  for (const name of FLAGS) form[name] = search.get(name) === "1";
  if (form.dates || search.get("by") === "dates") form.by = "dates";
  const reprocess = search.get("reprocess") as Reprocess | null;
  if (reprocess && REPROCESS.includes(reprocess)) form.reprocess = reprocess;
  for (const [name, value] of search) if (name.startsWith("p.")) form.params[name.slice(2)] = value;
  return form;
}

/** Only what isn't as in a new form. */
export function searchOf(form: BackfillForm): URLSearchParams {
  const search = new URLSearchParams();
  const hidden: readonly string[] = form.by === "range" ? ["dates"] : ["from", "to"];
  for (const name of TEXTS) if (form[name] && !hidden.includes(name)) search.set(name, form[name]);
  if (form.by === "dates" && !form.dates) search.set("by", "dates");
  if (form.reprocess !== "none") search.set("reprocess", form.reprocess);
  for (const name of FLAGS) if (form[name]) search.set(name, "1");
  for (const task of form.tasks) search.append("task", task);
  for (const [name, value] of Object.entries(form.params)) search.set(`p.${name}`, value);
  return search;
}

/** The body of `POST backfills` and of its dry run. */
export interface BackfillWish {
  dag_id: string;
  from_date?: string;
  to_date?: string;
  dates?: string[];
  reprocess_behavior: Reprocess;
  max_active_runs?: number;
  run_backwards: boolean;
  task_ids?: string[];
  include_upstream?: boolean;
  include_downstream?: boolean;
  params?: Record<string, Json>;
  dag_version: "latest" | "pinned";
  pool?: string;
  priority?: number;
  description?: string;
  cascade: boolean;
}

/** What of the DAG the form depends on. */
export interface FormDag {
  zone: string;
  params: readonly Param[];
  /** Dates outside of these are refused by the API; a day on their edge means what of it is inside. */
  start: number | null;
  end: number | null;
}

export interface ReadForm {
  /** null: something has to be put right first. */
  wish: BackfillWish | null;
  /** By field; a param's under `p.NAME`. Those of fields that are merely empty aren't told as faults, but hold the wish back. */
  faults: Record<string, string>;
}

/** Execution dates up to the end of the last day: its last second, or the DAG's end where that is on this day. */
function bounds(form: BackfillForm, dag: FormDag, faults: Record<string, string>): { from: number; to: number } | null {
  const read = { from: form.from.trim() ? typedDate(form.from, dag.zone) : null, to: form.to.trim() ? typedDate(form.to, dag.zone) : null };
  for (const field of ["from", "to"] as const) {
    const date = read[field];
    if (date && "fault" in date) faults[field] = date.fault;
  }
  if (!read.from || !read.to || "fault" in read.from || "fault" in read.to) return null;
  let from = read.from.exact[0]!;
  let to = read.to.to - 1000;
  if (dag.start !== null && dag.start > from && dag.start < read.from.to) from = dag.start;
  if (dag.end !== null && dag.end < to && dag.end >= read.to.from) to = dag.end;
  if (to < from) {
    faults.to = "is before the first date";
    return null;
  }
  return { from, to };
}

function numberOf(text: string, field: string, low: number, high: number, faults: Record<string, string>): number | undefined {
  if (!text.trim()) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  faults[field] = `a whole number from ${low.toLocaleString("en-GB")} to ${high.toLocaleString("en-GB")}`;
  return undefined;
}

export function readForm(form: BackfillForm, dag: FormDag): ReadForm {
  const faults: Record<string, string> = {};
  const { conf, faults: bad } = confOf(dag.params, form.params);
  for (const [name, fault] of Object.entries(bad)) faults[`p.${name}`] = fault;
  const runs = numberOf(form.runs, "runs", 1, 1000, faults);
  const priority = numberOf(form.priority, "priority", -1_000_000, 1_000_000, faults);
  let when: Pick<BackfillWish, "from_date" | "to_date" | "dates"> | null = null;
  if (form.by === "range") {
    const range = bounds(form, dag, faults);
    if (range) when = { from_date: apiTime(range.from), to_date: apiTime(range.to) };
  } else {
    const { at, fault } = typedDates(form.dates, dag.zone);
    if (fault) faults.dates = fault;
    else if (at.length > 10_000) faults.dates = `${at.length.toLocaleString("en-GB")} dates, at most 10,000: take a range`;
    else if (at.length) when = { dates: at.map(apiTime) };
  }
  if (!form.dag || !when || Object.keys(faults).length) return { wish: null, faults };
  return {
    faults,
    wish: {
      dag_id: form.dag, ...when,
      reprocess_behavior: form.reprocess,
      ...(runs === undefined ? {} : { max_active_runs: runs }),
      run_backwards: form.backwards,
      ...(form.tasks.length ? { task_ids: form.tasks, include_upstream: form.upstream, include_downstream: form.downstream } : {}),
      ...(Object.keys(conf).length ? { params: conf } : {}),
      dag_version: form.pinned ? "pinned" : "latest",
      ...(form.pool ? { pool: form.pool } : {}),
      ...(priority ? { priority } : {}),
      ...(form.description.trim() ? { description: form.description.trim() } : {}),
      cascade: form.cascade,
    },
  };
}

const FIELDS: Record<string, string> = {
  from_date: "from", to_date: "to", dates: "dates", max_active_runs: "runs", priority: "priority", pool: "pool", task_ids: "tasks",
  dag_id: "dag", description: "description",
};

/** The API's refusal by the fields of the form; `others` are for the whole of it. */
export function placeFaults(message: string, errors: readonly { loc?: (string | number)[]; msg: string }[]) {
  const fields: Record<string, string> = {};
  const others: string[] = [];
  const put = (member: string, text: string) => {
    const field = FIELDS[member];
    if (field) fields[field] = text;
    else others.push(member ? `${member}: ${text}` : text);
  };
  for (const { loc = [], msg } of errors) {
    const [, member, name] = loc;
    if ((member === "params" || member === "dag_run_conf") && typeof name === "string") fields[`p.${name}`] = msg;
    else put(String(member ?? ""), msg);
  }
  if (!errors.length) {
    // What the scheduler refuses names its field in front: "to_date: the schedule has no execution_date …".
    const named = /^([a-z_]+): (.*)$/s.exec(message);
    if (named && FIELDS[named[1]!]) put(named[1]!, named[2]!);
    else others.push(message);
  }
  return { fields, others };
}
