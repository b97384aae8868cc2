// @vitest-environment happy-dom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { Action } from "@/actions/use_dialogs";
import { queries } from "@/api/queries";

import PaletteBox from "./palette_box";

const ANSWERS: Record<string, unknown> = {
  "/auth/me": { name: "anna", role: "operator", token_id: "t", session_id: null, scope: { dags: [] } },
  "/api/v2/dags": { dags: [{ dag_id: "flights_train", tags: [] }, { dag_id: "flights_ingest", tags: [{ name: "raw" }] }], total_entries: 2 },
  "/api/v2/datasets": { datasets: [], total_entries: 0 },
  "/api/v2/backfills": { backfills: [], total_entries: 0 },
  "/api/v2/dags/flights_ingest/details": { dag_id: "flights_ingest", timezone: "America/New_York" },
  "/api/v2/dags/flights_ingest/dagRuns": {
    dag_runs: [{ dag_id: "flights_ingest", dag_run_id: "r1", execution_date: "2013-06-11T04:00:00Z", run_type: "scheduled", state: "failed" }], total_entries: 1,
  },
};
const asked: URL[] = [];
const act = vi.fn<(action: Action) => void>();
const close = vi.fn<() => void>();

beforeEach(() => {
  asked.length = 0;
  Element.prototype.scrollIntoView = vi.fn();
  vi.stubGlobal("fetch", vi.fn(async (url: string) => {
    const at = new URL(url, "http://here");
    asked.push(at);
    return Response.json(ANSWERS[at.pathname]);
  }));
  queries.clear();
  history.replaceState(null, "", "/");
  localStorage.setItem("millrace.recent", JSON.stringify([{ path: "/dags/etl", label: "etl · DAGs" }]));
  render(<QueryClientProvider client={queries}><PaletteBox typed="" act={act} onHere={() => {}} onClose={close} /></QueryClientProvider>);
});
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
  vi.unstubAllGlobals();
});

const field = () => screen.getByRole("combobox");
const type = (text: string) => fireEvent.change(field(), { target: { value: text } });
const chosen = () => document.getElementById(field().getAttribute("aria-activedescendant")!)?.textContent;

it("begins with where the reader has been; arrows choose, over the ends too", () => {
  expect(chosen()).toBe("etl · DAGs");
  fireEvent.keyDown(field(), { key: "ArrowDown" });
  expect(chosen()).toBe("Overview");
  fireEvent.keyDown(field(), { key: "ArrowUp" });
  fireEvent.keyDown(field(), { key: "ArrowUp" });
  expect(chosen()).toBe("Change the theme");
  expect(screen.getAllByRole("option", { selected: true })).toHaveLength(1);
});

it("asks the daemon for what is typed and opens the best", async () => {
  type("ingest");
  await waitFor(() => expect(chosen()).toBe("flights_ingestraw"));
  expect(asked.find((url) => url.pathname === "/api/v2/dags")?.searchParams.get("dag_id_pattern")).toBe("ingest");
  fireEvent.keyDown(field(), { key: "Enter" });
  expect(close).toHaveBeenCalled();
  expect(location.pathname).toBe("/dags/flights_ingest");
});

it("finds a run by its date in the zone of the DAG", async () => {
  type("flights_ingest 2013-06-11");
  await waitFor(() => expect(chosen()).toBe("flights_ingest 2013-06-11scheduled"));
  const runs = asked.find((url) => url.pathname.endsWith("/dagRuns"))!;
  expect(runs.searchParams.get("logical_date_gte")).toBe("2013-06-11T04:00:00.000Z");
  fireEvent.keyDown(field(), { key: "Enter" });
  expect(location.pathname).toBe("/dags/flights_ingest/runs/2013-06-11");
});

it("offers to trigger what fits behind the verb", async () => {
  type("trigger train");
  await waitFor(() => expect(screen.getAllByRole("option").map((option) => option.textContent)).toEqual(["Trigger flights_train…"]));
  fireEvent.keyDown(field(), { key: "Enter" });
  expect(act).toHaveBeenCalledExactlyOnceWith({ kind: "trigger", dagId: "flights_train" });
});

it("says so when nothing fits", async () => {
  type("zzz");
  await waitFor(() => expect(screen.getByText("Nothing has “zzz” in its name.")).toBeTruthy());
  expect(field().hasAttribute("aria-activedescendant")).toBe(false);
});
