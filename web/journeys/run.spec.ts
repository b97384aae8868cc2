import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Daemon, expect, test } from "./fixtures";

// Tasks wait for files that the journey writes: what is seen is the moment, not the speed of a machine.
const WAIT = (name: string) => `until [ -e "{{ params.root }}/${name}" ]; do read -t 0.1 _ < <(:) || sleep 0.1; done`;
const DAG = `
dag_id: walk
params:
  root: {type: string, default: /}
  count: {type: integer, default: 3, minimum: 1, maximum: 9, description: Lines at a time}
tasks:
  talk:
    script: |
      for i in $(seq 1 400); do echo "INFO line $i"; done
      ${WAIT("more")}
      for i in $(seq 401 600); do echo "INFO line $i"; done
      echo "ERROR it went wrong"
      ${WAIT("end")}
      exit 1
  hold: {script: '${WAIT("free").replaceAll("'", "''")}'}
  behind: {depends_on: [hold], script: 'true'}
`.replaceAll("{{ params.root }}", "$PARAM_ROOT");

test.describe("a run", () => {
  let daemon: Daemon;
  test.beforeAll(async () => {
    daemon = await Daemon.start({ config: "cpu: 8\npools: {cpu: 2}\n" });
    await daemon.submit(DAG);
    await daemon.submit("dag_id: late\ntasks:\n  wants: {script: 'true'}\n");
  });
  test.afterAll(() => daemon.close());

  test("is triggered with params, followed in its log, and ends before one's eyes", async ({ page, enter }) => {
    await enter(daemon, "/dags/walk");
    await expect(page.getByRole("button", { name: "Trigger" })).toBeVisible();
    await page.keyboard.press("t");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("count").fill("99");
    await dialog.getByLabel("root").fill(daemon.root);
    await dialog.getByRole("button", { name: "Trigger" }).click();
    await expect(dialog.getByText(/at most 9|maximum/i)).toBeVisible();
    await dialog.getByLabel("count").fill("5");
    await dialog.getByRole("button", { name: "Trigger" }).click();
    await expect(page).toHaveURL(/\/dags\/walk\/runs\//);

    await page.getByRole("link", { name: "talk" }).or(page.getByRole("button", { name: "talk" })).or(page.getByText("talk", { exact: true })).first().click();
    const log = page.getByRole("log");
    await expect(log).toContainText("INFO line 400");
    await expect(page.getByText("Following", { exact: true })).toBeVisible();
    writeFileSync(join(daemon.root, "more"), "");
    await expect(log).toContainText("ERROR it went wrong");

    await log.hover();
    await page.mouse.wheel(0, -4000);
    await expect(page.getByText(/Held at line/)).toBeVisible();
    // Levels are looked for as the log grows: the page says so when it isn't there yet.
    await expect(async () => {
      await page.keyboard.press("e");
      await expect(log).toContainText("ERROR it went wrong", { timeout: 1000 });
    }).toPass();

    writeFileSync(join(daemon.root, "free"), "");
    writeFileSync(join(daemon.root, "end"), "");
    await expect(page.getByText("Failed", { exact: true }).first()).toBeVisible();
    await expect(page.getByText(/exit code 1|exit 1/).first()).toBeVisible();
  });

  test("says why a task waits, and who holds what it waits for", async ({ page, enter }) => {
    const root = join(daemon.root, "second");
    await import("node:fs").then((fs) => fs.mkdirSync(root));
    const first = await daemon.trigger("walk", { conf: { root } });
    const late = await daemon.trigger("late");
    await enter(daemon, `/dags/late/runs/${encodeURIComponent(late)}?task=wants&tab=why`);
    const panel = page.getByRole("region", { name: /wants/ }).last();
    await expect(panel).toContainText(/pool/i);
    await expect(panel).toContainText("2 of 2");
    await expect(panel.getByRole("link", { name: /talk|hold/ }).first()).toBeVisible();
    await page.goto(`${daemon.url}/capacity`);
    await expect(page.getByRole("row", { name: /wants/ })).toBeVisible();
    for (const name of ["more", "free", "end"]) writeFileSync(join(root, name), "");
    await daemon.finished("walk", first);
    await expect(page.getByRole("row", { name: /wants/ })).toHaveCount(0);
    expect(await daemon.finished("late", late)).toBe("success");
  });

  test("keeps the place of a list when the reader comes back", async ({ page, enter }) => {
    await daemon.submit("dag_id: many\ntasks:\n  a: {script: 'true'}\n");
    const runs = [];
    for (let day = 1; day <= 28; day += 1) runs.push(await daemon.trigger("many", { logical_date: `2013-02-${String(day).padStart(2, "0")}T00:00:00Z` }));
    for (const run of runs) await daemon.finished("many", run);
    await page.setViewportSize({ width: 1200, height: 500 });
    await enter(daemon, "/dags/many/runs");
    const row = page.getByRole("row", { name: /2013-02-04/ });
    await row.scrollIntoViewIfNeeded();
    const before = (await row.boundingBox())!.y;
    await row.getByRole("link").first().click();
    await expect(page).toHaveURL(/\/runs\/.+/);
    await page.goBack();
    await expect(row).toBeVisible();
    await expect.poll(async () => Math.round((await row.boundingBox())?.y ?? 0)).toBe(Math.round(before));
  });
});
