import { existsSync } from "node:fs";

import { Daemon, expect, test } from "./fixtures";

const DAG = `
dag_id: nightly
tasks:
  load: {script: 'echo rows'}
  train:
    depends_on: [load]
    script: |
      echo "INFO epoch 1"
      echo "ERROR no space left on device"
      [ -e FLAG ] || exit 3
`;

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

test("three taps from the alert to a run that goes again", async ({ page, enter }) => {
  const daemon = await Daemon.start();
  try {
    const flag = `${daemon.root}/mended`;
    await daemon.submit(DAG.replace("FLAG", flag));
    const run = await daemon.trigger("nightly");
    expect(await daemon.finished("nightly", run)).toBe("failed");
    await enter(daemon, "/");
    await page.getByText(/nightly failed/).first().click();
    await expect(page.getByRole("log")).toContainText("no space left on device");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(existsSync(flag)).toBe(false);
    await import("node:fs").then((fs) => fs.writeFileSync(flag, ""));
    await page.getByRole("button", { name: /Re-run failed/ }).click();
    const sure = page.getByRole("dialog").getByRole("button", { name: /Re-run|Clear|Retry/ });
    await sure.last().click();
    expect(await daemon.finished("nightly", run)).toBe("success");
    await expect(page.getByText(/success/i).first()).toBeVisible();
  } finally {
    await daemon.close();
  }
});

test("shows how far a backfill has come, on a phone", async ({ page, flights, enter }) => {
  await enter(flights, "/backfills/1");
  const progress = page.getByRole("region", { name: "Progress" });
  await expect(progress).toContainText(/5 ?of 5 dates done/);
  // It was there once, and a line thin: what is below it had taken its place.
  expect((await progress.boundingBox())!.height).toBeGreaterThan(60);
});

for (const path of ["/", "/dags", "/runs", "/backfills", "/datasets", "/capacity", "/event-log", "/settings", "/submit", "/dags/flights_ingest",
  "/dags/flights_ingest/calendar", "/dags/flights_ingest/runs", "/backfills/1", "/backfills/new?dag=flights_ingest"]) {
  test(`${path} fits a phone`, async ({ page, flights, enter }) => {
    await enter(flights, path);
    await expect(page.locator("main")).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    const wide = await page.evaluate(() => {
      const main = document.getElementById("main")!;
      return main.scrollWidth - main.clientWidth;
    });
    expect(wide, "the page scrolls sideways").toBeLessThanOrEqual(0);
  });
}
