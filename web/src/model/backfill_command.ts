import type { BackfillWish } from "./backfill_form";
import type { Json } from "./params";
import { dateName } from "./run_address";

/** For a POSIX shell: as it is where nothing in it is special, else in single quotes. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_.,:=@%+/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The command takes a value as JSON where it is JSON, so a text that looks like it has to be quoted as JSON has it. */
const paramText = (value: Json) => (typeof value === "string" && !isJson(value) ? value : JSON.stringify(value));

/**
 * The command that makes the same backfill. `zone`: of the DAG's dates, where a date alone is a day to the command as to the API;
 * null: not known. `known`: the first and last execution date, which say the same as a range's ends but
 * are easier to read.
 */
export function backfillCommand(wish: BackfillWish, zone: string | null, known: { from: string; to: string } | null = null): string {
  const short = (time: string) => (zone && dateName(time, zone)) ?? time;
  const words = ["millrace", "backfill", "create", shellWord(wish.dag_id)];
  const option = (name: string, ...values: string[]) => {
    // A value that begins with a dash would be taken for an option.
    if (values.length === 1 && values[0]!.startsWith("-")) words.push(`${name}=${shellWord(values[0]!)}`);
    else words.push(name, ...values.map(shellWord));
  };
  const [from, to] = [known?.from ?? wish.from_date, known?.to ?? wish.to_date];
  if (wish.dates) option("--date", ...wish.dates.map(short));
  else if (from && to) option("--dates", `${short(from)}..${short(to)}`);
  if (wish.reprocess_behavior !== "none") option("--reprocess", wish.reprocess_behavior);
  if (wish.max_active_runs !== undefined) option("--max-active-runs", String(wish.max_active_runs));
  if (wish.run_backwards) option("--backwards");
  if (wish.task_ids) option("--task", ...wish.task_ids);
  if (wish.include_upstream) option("--upstream");
  if (wish.include_downstream) option("--downstream");
  for (const [name, value] of Object.entries(wish.params ?? {})) {
    option("--param", `${name}=${paramText(value)}`);
  }
  if (wish.dag_version === "pinned") option("--pinned");
  if (wish.pool) option("--pool", wish.pool);
  if (wish.priority) option("--priority", String(wish.priority));
  if (wish.description) option("--description", wish.description);
  if (wish.cascade) option("--cascade");
  return words.join(" ");
}
