import { describe, expect, it } from "vitest";

import { backfillCommand, shellWord } from "./backfill_command";
import { type BackfillForm, type FormDag, formOf, NEW_FORM, placeFaults, readForm, searchOf } from "./backfill_form";
import { paramsOf } from "./params";

const dag: FormDag = {
  zone: "America/New_York", start: null, end: null,
  params: paramsOf({
    days: { value: 7, description: null, schema: { type: "integer" } },
    label: { value: "a", description: null, schema: { type: "string" } },
    hosts: { value: [], description: null, schema: { type: "array" } },
  }),
};
const form = (changes: Partial<BackfillForm>): BackfillForm => ({ ...NEW_FORM, dag: "etl", ...changes });
const full = form({
  from: "2013-01-01", to: "2013-06-11", reprocess: "failed", backwards: true, tasks: ["load", "check it"], upstream: true,
  params: { days: "28", label: "it's" }, pinned: true, pool: "gpu", priority: "-5", runs: "4", cascade: true, description: "after the fix",
});

describe("the form and its URL", () => {
  it("are the same thing", () => {
    expect(formOf(searchOf(full))).toEqual(full);
    expect(formOf(new URLSearchParams(searchOf(full).toString()))).toEqual(full);
    const listed = form({ by: "dates", dates: "2013-06-11, 2013-06-13" });
    expect(formOf(searchOf(listed))).toEqual(listed);
    expect(formOf(searchOf(form({ by: "dates" })))).toEqual(form({ by: "dates" }));
  });
  it("hold only what was chosen", () => {
    expect(searchOf(form({ from: "2013-01-01" })).toString()).toBe("dag=etl&from=2013-01-01");
    expect(formOf(new URLSearchParams("dag=etl&reprocess=odd&pinned=maybe"))).toEqual(form({}));
  });
});

describe("the form and the API's body", () => {
  it("have the same words", () => {
    expect(readForm(full, dag)).toEqual({
      faults: {},
      wish: {
        dag_id: "etl", from_date: "2013-01-01T05:00:00Z", to_date: "2013-06-12T03:59:59Z", reprocess_behavior: "failed", max_active_runs: 4,
        run_backwards: true, task_ids: ["load", "check it"], include_upstream: true, include_downstream: false,
        params: { days: 28, label: "it's" }, dag_version: "pinned", pool: "gpu", priority: -5, description: "after the fix", cascade: true,
      },
    });
    expect(readForm(form({ by: "dates", dates: "2013-03-10 2013-03-11" }), dag).wish).toEqual({
      dag_id: "etl", dates: ["2013-03-10T05:00:00Z", "2013-03-11T04:00:00Z"], reprocess_behavior: "none", run_backwards: false,
      dag_version: "latest", cascade: false,
    });
  });
  it("mean whole days, short and long ones, and no more than the DAG has", () => {
    const range = (day: string, changes: Partial<FormDag> = {}) => {
      const { wish } = readForm(form({ from: day, to: day }), { ...dag, ...changes });
      return [wish?.from_date, wish?.to_date];
    };
    expect(range("2013-03-10")).toEqual(["2013-03-10T05:00:00Z", "2013-03-11T03:59:59Z"]);
    expect(range("2013-11-03")).toEqual(["2013-11-03T04:00:00Z", "2013-11-04T04:59:59Z"]);
    const start = Date.parse("2013-03-10T11:00:00Z");
    expect(range("2013-03-10", { start, end: start + 3_600_000 })).toEqual(["2013-03-10T11:00:00Z", "2013-03-10T12:00:00Z"]);
  });
  it("wait for each other while something is missing or wrong", () => {
    expect(readForm(form({ from: "2013-01-01" }), dag)).toEqual({ wish: null, faults: {} });
    expect(readForm(form({ from: "2013-06-11", to: "2013-01-01" }), dag).faults).toEqual({ to: "is before the first date" });
    expect(readForm(form({ from: "x", to: "2013-01-01", runs: "0", priority: "1.5", params: { days: "x" } }), dag).faults).toEqual({
      from: "a date looks like 2013-06-11 or 2013-06-11 05:30", runs: "a whole number from 1 to 1,000",
      priority: "a whole number from -1,000,000 to 1,000,000", "p.days": "isn't an integer",
    });
    expect(readForm(form({ by: "dates", dates: "2013-02-30" }), dag).faults).toEqual({ dates: "2013-02-30: 2013-02-30 isn't in the calendar" });
  });
  it("meet again in what the API refuses", () => {
    expect(placeFaults("to_date: the schedule '@daily' has no execution_date", [])).toEqual({ fields: { to: "the schedule '@daily' has no execution_date" }, others: [] });
    expect(placeFaults("", [{ loc: ["body", "params", "days"], msg: "must be at most 90" }, { loc: ["body", "max_active_runs"], msg: "too many" }])).toEqual({
      fields: { "p.days": "must be at most 90", runs: "too many" }, others: [],
    });
    expect(placeFaults("there is no DAG 'x'", [])).toEqual({ fields: {}, others: ["there is no DAG 'x'"] });
  });
});

describe("the command", () => {
  it("says the same as the body", () => {
    const { wish } = readForm(full, dag);
    expect(backfillCommand(wish!, dag.zone, { from: "2013-01-01T05:00:00Z", to: "2013-06-11T04:00:00Z" })).toBe(
      "millrace backfill create etl --dates 2013-01-01..2013-06-11 --reprocess failed --max-active-runs 4 --backwards" +
      " --task load 'check it' --upstream --param days=28 --param 'label=it'\\''s' --pinned --pool gpu --priority=-5" +
      " --description 'after the fix' --cascade",
    );
  });
  it("is short where all is as always", () => {
    const utc = { ...dag, zone: "UTC", params: [] };
    const { wish } = readForm(form({ by: "dates", dates: "2013-06-11 2013-06-13" }), utc);
    expect(backfillCommand(wish!, "UTC")).toBe("millrace backfill create etl --date 2013-06-11 2013-06-13");
    expect(backfillCommand(readForm(form({ from: "2013-06-11", to: "2013-06-13" }), utc).wish!, "UTC")).toBe(
      "millrace backfill create etl --dates 2013-06-11..2013-06-13T23:59:59Z");
  });
  it("keeps a text a text where the command would read JSON", () => {
    const wish = { ...readForm(full, dag).wish!, params: { label: "12", hosts: ["a b"], days: 1 }, description: "-x" };
    expect(backfillCommand(wish, null)).toContain("--param 'label=\"12\"' --param 'hosts=[\"a b\"]' --param days=1");
    expect(backfillCommand(wish, null)).toContain("--description=-x");
  });
  it("has no word that a shell would take apart", () => {
    for (const nasty of ["$(touch pwned)", "a;b", "a'b", "", "a b", "*", "~", "\n"]) {
      expect(shellWord(nasty)).toMatch(/^'[^]*'$/);
    }
    expect(shellWord("2013-01-01..2013-06-11")).toBe("2013-01-01..2013-06-11");
  });
});
