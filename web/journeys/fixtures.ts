import { test as base, type Page } from "@playwright/test";
import { expect } from "@playwright/test";

import { Daemon, until } from "./daemon";

export { Daemon, expect, until };

interface Workers {
  /** The flights example with its first five days made: shared by the journeys of a file, which may add runs but not take away. */
  flights: Daemon;
}
interface Each {
  /** Signs `page` in at a daemon. */
  enter: (daemon: Daemon, path?: string) => Promise<void>;
}

export const test = base.extend<Each, Workers>({
  flights: [async ({ browserName: _ }, give) => {
    const daemon = await Daemon.start({ flights: true, config: "pools: {cpu: 2}\n" });
    await until("the DAGs of the example", async () => (await daemon.call<{ total_entries: number }>("GET", "/dags")).total_entries === 3);
    await daemon.call("POST", "/backfills", {
      dag_id: "flights_ingest", from_date: "2001-01-01T00:00:00Z", to_date: "2001-01-05T00:00:00Z", max_active_runs: 2,
    });
    await until("five days of features", async () => {
      const failed = await daemon.call<{ dag_runs: { dag_run_id: string; reason: string }[] }>("GET", "/dags/~/dagRuns?state=failed&limit=1");
      if (failed.dag_runs[0]) throw new Error(`${failed.dag_runs[0].dag_run_id} of the flights failed: ${failed.dag_runs[0].reason}`);
      const runs = await daemon.call<{ total_entries: number }>("GET", "/dags/flights_features/dagRuns?state=success&limit=1");
      return runs.total_entries >= 5;
    }, 240);
    await give(daemon);
    await daemon.close();
  }, { scope: "worker", timeout: 300_000 }],

  enter: async ({ page }, give) => {
    await give(async (daemon, path = "/") => {
      await page.goto(await daemon.loginLink());
      if (path !== "/") await page.goto(daemon.url + path);
    });
  },

  page: async ({ page }, give) => {
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("console", (message) => {
      // What the CSP refuses and what React warns of is wrong in any journey; a lost daemon is some journeys' subject.
      if (message.type() === "error" && !/Failed to load resource|ERR_CONNECTION|net::ERR/.test(message.text())) wrong.push(message.text());
    });
    const strangers: string[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (!["127.0.0.1", "localhost"].includes(url.hostname) && !["data:", "blob:"].includes(url.protocol)) strangers.push(request.url());
    });
    await give(page);
    expect(wrong, "errors in the browser's console").toEqual([]);
    expect(strangers, "requests that left the origin").toEqual([]);
  },
});

export type { Page };
