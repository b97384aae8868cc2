import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Daemon, expect, type Page, test, until } from "./fixtures";

// The flights example, whose days wait at a gate that the journey opens, and fail while their source is closed: what is seen at
// each step is so whatever the speed of the machine.
const GATE = `
  source_is_open:
    script: |
      until [ -e "$GATE/open" ]; do sleep 0.1; done
      if [ -e "$GATE/closed-$DS" ]; then echo "ERROR the source of $DS is closed"; exit 4; fi
    retries: 0
  check_schema:`;

interface Dry {
  backfills: { execution_date: string; action: string; reason: string }[];
  totals: Record<string, number>;
  spans: { from: string; to: string; count: number; reason: string }[];
}
interface Counted {
  state: string;
  is_paused: boolean;
  counts: Record<string, number>;
}

const WORDS: Record<string, string> = { create: "Create", rerun: "Re-run", skip: "Keep" };
const day = (date: string) => date.slice(0, 10);

test.describe("a backfill of the flights", () => {
  let daemon: Daemon;
  const gate = () => join(daemon.root, "gate");
  const open = () => writeFileSync(join(gate(), "open"), "");
  const shut = () => rmSync(join(gate(), "open"));
  const close = (date: string) => writeFileSync(join(gate(), `closed-${date}`), "");
  const mend = (date: string) => rmSync(join(gate(), `closed-${date}`));
  const backfill = (id: number) => daemon.call<Counted>("GET", `/backfills/${id}`);

  test.beforeAll(async () => {
    daemon = await Daemon.start({
      flights: true,
      config: "pools: {cpu: 4}\n",
      before: ({ root, dags }) => {
        mkdirSync(join(root, "gate"));
        const file = join(dags, "flights_ingest.yaml");
        const text = readFileSync(file, "utf8").replace("\n  check_schema:", GATE).replace("depends_on: [check_schema]", "depends_on: [check_schema, source_is_open]")
          .replace("env: {", `env: {GATE: "${join(root, "gate")}", `);
        writeFileSync(file, text);
      },
    });
    await until("the DAGs of the example", async () => (await daemon.call<{ total_entries: number }>("GET", "/dags")).total_entries === 3);
    await daemon.call("PATCH", "/dags/flights_features", { is_paused: true });
    // Two days that are good and one that failed: a wizard on an empty DAG would have nothing to tell apart.
    open();
    close("2001-01-03");
    await daemon.call("POST", "/backfills", { dag_id: "flights_ingest", from_date: "2001-01-01T00:00:00Z", to_date: "2001-01-03T00:00:00Z" });
    await until("three days", async () => (await backfill(1)).state === "failed");
    shut();
    mend("2001-01-03");
  });
  test.afterAll(() => daemon.close());

  /** The wizard, filled in as a person does. */
  async function plan(page: Page): Promise<Dry> {
    await expect(page.getByRole("button", { name: "Backfill" })).toBeVisible();
    await page.keyboard.press("b");
    await expect(page).toHaveURL(/\/backfills\/new\?dag=flights_ingest/);
    await page.getByLabel("First date").fill("2001-01-01");
    await page.getByLabel("Last date").fill("2001-01-10");
    await page.getByRole("radio", { name: /Re-run failed/ }).check();
    await page.getByLabel("Runs at once").fill("2");
    return daemon.call<Dry>("POST", "/backfills/dry_run", {
      dag_id: "flights_ingest", from_date: "2001-01-01T00:00:00Z", to_date: "2001-01-10T00:00:00Z", reprocess_behavior: "failed", max_active_runs: 2,
    });
  }

  test("is previewed: each date with what happens to it and why", async ({ page, enter }) => {
    await enter(daemon, "/dags/flights_ingest");
    const dry = await plan(page);
    expect(dry.totals).toMatchObject({ create: 7, rerun: 1, skip: 2, total: 10 });
    const figures = page.getByRole("region", { name: "What would happen" });
    await expect(figures).toContainText(/Create7.*Re-run1.*Keep2.*Leave out0/);

    const preview = page.getByRole("region", { name: "Preview" });
    const cell = preview.getByRole("gridcell");
    await cell.focus();
    // By day and by week, as the weeks stand: the first of January 2001 is a Monday.
    for (const [key, said] of [
      [null, "2001-01-01: keep"], ["ArrowDown", "2001-01-02: keep"], ["ArrowDown", "2001-01-03: re-run"], ["ArrowRight", "2001-01-10: create"],
      ["ArrowRight", "2001-01-10: create"], ["ArrowLeft", "2001-01-03: re-run"], ["ArrowUp", "2001-01-02: keep"], ["ArrowUp", "2001-01-01: keep"], ["ArrowUp", "2001-01-01: keep"],
    ]) {
      if (key) await page.keyboard.press(key);
      await expect(cell).toHaveAccessibleName(said!);
      await expect(cell).toBeFocused();
    }

    await preview.getByRole("button", { name: "Stretches" }).click();
    const stretches = preview.getByRole("region", { name: "Stretches of dates" }).locator("tbody tr");
    await expect(stretches).toHaveText([/^2001-01-01 to 2001-01-022Keep/, /^2001-01-031Re-run/, /^2001-01-04 to 2001-01-107Create/]);
    await expect(stretches).toContainText(dry.spans.map((span) => span.reason));

    await preview.getByRole("button", { name: "Dates" }).click();
    const dates = preview.getByRole("region", { name: "Dates one by one" }).locator("tbody tr");
    await expect(dates).toHaveText(dry.backfills.map((date) => day(date.execution_date) + WORDS[date.action]! + date.reason));
    await expect(page).toHaveURL(/view=dates/);

    // Nothing has been made by looking.
    expect(await daemon.call("GET", "/backfills")).toMatchObject({ total_entries: 1 });
  });

  test("is started, paused, let go on, retried where it failed, and completes", async ({ page, enter }) => {
    close("2001-01-05");
    close("2001-01-08");
    await enter(daemon, "/dags/flights_ingest");
    await plan(page);
    await page.getByRole("button", { name: "Start 8 runs" }).click();
    await expect(page).toHaveURL(/\/backfills\/2$/);

    const progress = page.getByRole("region", { name: "Progress" });
    // The two days that are kept are over at once; the gate holds the first two that run.
    await expect(progress).toContainText(/2 ?of 10 dates done/);
    await expect(progress).toContainText("2 running");
    await page.getByRole("button", { name: "Pause" , exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText("Paused");
    await until("the daemon to have it paused", async () => (await backfill(2)).is_paused);
    open();
    await expect(progress).toContainText(/4 ?of 10 dates done/);
    await expect(progress).toContainText("Paused: nothing starts");
    expect((await backfill(2)).counts).toMatchObject({ success: 2, skipped: 2, queued: 6, running: 0 });

    await page.getByRole("button", { name: "Go on" }).click();
    await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText("Failed");
    await expect(progress).toContainText(/10 ?of 10 dates done/);
    const cell = page.getByRole("region", { name: "Dates", exact: true }).getByRole("gridcell");
    await cell.focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
    await expect(cell).toHaveAccessibleName("2001-01-05: failed");

    const cause = page.getByRole("region", { name: "Failed dates" }).getByRole("row", { name: /source_is_open/ });
    await expect(cause).toContainText(/Exit code 4|exit 4/i);
    await expect(cause.getByRole("link", { name: /2001-01-/ })).toHaveText(["2001-01-05", "2001-01-08"]);
    await cause.getByRole("link", { name: "Log" }).click();
    await expect(page.getByRole("log")).toContainText(/ERROR the source of 2001-01-0[58] is closed/);
    await page.goBack();

    mend("2001-01-05");
    mend("2001-01-08");
    await page.getByRole("button", { name: "Retry 2" }).click();
    await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText("Completed");
    await expect(progress).toContainText("8 success");
    await expect(page.getByRole("region", { name: "Failed dates" })).toContainText("No date has failed.");
    expect(await backfill(2)).toMatchObject({ state: "completed", counts: { success: 8, failed: 0, skipped: 2 } });

    // The same dates as a table: what the daemon says of each.
    await page.getByRole("button", { name: "Table" }).click();
    const rows = page.getByRole("region", { name: "Dates", exact: true }).locator("tbody tr");
    await expect(rows).toHaveCount(10);
    await expect(rows.filter({ hasText: "Success" })).toHaveCount(8);
  });
});
