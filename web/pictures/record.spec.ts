import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";

import { BINARY } from "../journeys/daemon";
import { Daemon, expect, type Page, test, until } from "../journeys/fixtures";

import { PAGES, PHONE, WIDE } from "./pages";
import { ASKS, LOG, nameOf, type Recorded } from "./server";

// Makes the scene that the pictures show, on a real daemon, and keeps what it answers to the pages (answers.json). Only when it is asked
// for: `make pictures RECORD=1`. Nothing moves while the pages are read, so that all answers are of one moment: the pool is full of tasks
// that wait for a file.

const REPORT = `
dag_id: nightly_report
description: Holds the pool while the pictures are made.
owner: reports
tags: [report]
tasks:
  collect: {script: 'echo "collecting"; until [ -e $PARAM_MARK ]; do read -t 0.2 _ < <(:) || true; done', pool: cpu}
  summarise: {script: 'echo "summing up"; until [ -e $PARAM_MARK ]; do read -t 0.2 _ < <(:) || true; done', pool: cpu}
  draw: {script: 'true', pool: cpu}
  mail: {depends_on: [collect, summarise, draw], script: 'true'}
params:
  mark: {type: string, default: /nonexistent}
`;

/** Twelve days that went well, one run that failed, a DAG whose code changed, a full pool, a backfill that waits for it. */
async function scene(daemon: Daemon): Promise<void> {
  await until("the DAGs of the example", async () => (await daemon.call<{ total_entries: number }>("GET", "/dags")).total_entries === 3);
  await daemon.call("POST", "/backfills", { dag_id: "flights_ingest", from_date: "2001-01-01T00:00:00Z", to_date: "2001-01-12T00:00:00Z", max_active_runs: 2 });
  const count = async (query: string) => (await daemon.call<{ total_entries: number }>("GET", `/dags/~/dagRuns?limit=1&${query}`)).total_entries;
  await until("twelve days of features", async () => (await daemon.call<{ total_entries: number }>("GET", "/dags/flights_features/dagRuns?state=success&limit=1")).total_entries >= 12, 240);
  const file = resolve(daemon.dags, "flights_ingest.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("retries: {limit: 2, delay: 2s", "retries: {limit: 3, delay: 5s"));
  await until("the DAG's new version", async () => (await daemon.call<{ total_entries: number }>("GET", "/dags/flights_ingest/dagVersions")).total_entries === 2);
  const failed = await daemon.trigger("flights_ingest", { dag_run_id: "manual__failed", logical_date: "2001-01-13T00:00:00Z", conf: { source: "../data/absent.parquet" } });
  await daemon.finished("flights_ingest", failed);
  await daemon.submit(REPORT);
  await daemon.trigger("nightly_report", { dag_run_id: "manual__night", conf: { mark: `${daemon.root}/mark` } });
  await until("a full pool", async () => (await daemon.call<{ total_entries: number }>("GET", "/dags/~/dagRuns/~/taskInstances?state=running&limit=1")).total_entries === 2);
  await daemon.call("POST", "/backfills", { dag_id: "flights_ingest", from_date: "2001-01-14T00:00:00Z", to_date: "2001-02-20T00:00:00Z", max_active_runs: 4 });
  await until("the backfill's runs", async () => (await count("state=running")) === 5);
}

/** What tells of this machine becomes what tells of none; the folder keeps its length, since a log's size is told elsewhere, too. */
function nameless(text: string, daemon: Daemon): string {
  return text.replaceAll(BINARY, "/srv/millrace/bin/millrace").replaceAll(daemon.root, "/srv/millrace/journey-000000").replaceAll(daemon.url, "http://127.0.0.1:8080").replaceAll(hostname(), "mill-1");
}

async function visit(page: Page, daemon: Daemon): Promise<void> {
  for (const [name, { path, phone }] of Object.entries(PAGES)) {
    await page.setViewportSize(phone ? PHONE : WIDE);
    await page.goto(daemon.url + path);
    await expect(page.locator("main"), name).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await page.waitForTimeout(1_500); // what a page reads once it stands; nothing is compared here
  }
}

test("record what the daemon answers to the pages", async ({ page, context, enter }) => {
  test.skip(!process.env.MILLRACE_RECORD, "only when it is asked for");
  test.setTimeout(600_000);
  const daemon = await Daemon.start({ flights: true, config: "pools: {cpu: 2}\n" });
  try {
    await scene(daemon);
    const recorded: Recorded = { now: Date.now() + 20_000, answers: {} };
    await context.clock.setFixedTime(recorded.now);
    const open: Promise<void>[] = [];
    page.on("response", (response) => {
      const url = new URL(response.url());
      const method = response.request().method();
      if (!ASKS.test(url.pathname) || url.pathname === "/events" || response.status() >= 500 || url.pathname.startsWith("/auth/links")) return;
      open.push((async () => {
        const all = await response.allHeaders();
        // Of a log all, whichever part the page asked for.
        const body = LOG.test(url.pathname) ? Buffer.from(await daemon.text("GET", url.pathname.replace("/api/v2", ""))) : await response.body().catch(() => null);
        if (!body) return; // the page went on before it was there
        const type = all["content-type"] ?? "application/json";
        const kept = Object.entries(all).filter(([name]) => name === "etag" || name.startsWith("log-index"));
        const readable = /json|text|yaml/.test(type);
        recorded.answers[nameOf(method, url.pathname + url.search)] = {
          status: LOG.test(url.pathname) ? 200 : response.status(), type, ...(kept.length ? { headers: Object.fromEntries(kept) } : {}),
          ...(readable ? { text: nameless(body.toString(), daemon) } : { base64: body.toString("base64") }),
        };
      })());
    });
    await enter(daemon);
    await visit(page, daemon);
    await Promise.all(open);
    const sorted = Object.fromEntries(Object.entries(recorded.answers).sort(([a], [b]) => a.localeCompare(b)));
    writeFileSync(resolve(import.meta.dirname, "answers.json"), `${JSON.stringify({ now: recorded.now, answers: sorted }, null, 1)}\n`);
  } finally {
    writeFileSync(resolve(daemon.root, "mark"), "");
    await daemon.close();
  }
});
