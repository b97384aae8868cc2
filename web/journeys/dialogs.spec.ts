import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Daemon, expect, type Page, test, until } from "./fixtures";

// What takes something away or changes the record asks first. Each of these dialogs is answered for real; then the daemon is asked.
const DAG = `
dag_id: acts
params: {root: {type: string, default: /nonexistent}}
tasks:
  load: {script: 'echo rows'}
  train:
    depends_on: [load]
    script: |
      until [ -e "$PARAM_ROOT/end" ]; do sleep 0.1; done
      [ -e "$PARAM_ROOT/good" ]
  report: {depends_on: [train], script: 'true'}
  beside: {depends_on: [load], script: 'true'}
`;

test.describe("a dialog", () => {
  let daemon: Daemon;
  let folders = 0;
  /** A run of the DAG in a folder of its own: `end` lets it end, `good` lets it end well. */
  async function run(date: string, ...files: string[]): Promise<{ id: string; root: string; path: string }> {
    const root = join(daemon.root, `run-${folders += 1}`);
    await import("node:fs").then((fs) => fs.mkdirSync(root));
    for (const file of files) writeFileSync(join(root, file), "");
    const id = await daemon.trigger("acts", { logical_date: `${date}T00:00:00Z`, conf: { root } });
    return { id, root, path: `/dags/acts/runs/${encodeURIComponent(id)}` };
  }
  const runOf = (id: string) => daemon.call<{ state: string; reason: string | null }>("GET", `/dags/acts/dagRuns/${encodeURIComponent(id)}`);
  async function tasksOf(id: string): Promise<Record<string, { state: string | null; try_number: number; reason: string | null }>> {
    const all = await daemon.call<{ task_instances: { task_id: string; state: string | null; try_number: number; reason: string | null }[] }>("GET", `/dags/acts/dagRuns/${encodeURIComponent(id)}/taskInstances`);
    return Object.fromEntries(all.task_instances.map((each) => [each.task_id, each]));
  }
  async function statesOf(id: string): Promise<Record<string, string | null>> {
    return Object.fromEntries(Object.entries(await tasksOf(id)).map(([task, { state }]) => [task, state]));
  }
  const status = async (path: string) => (await fetch(`${daemon.url}/api/v2${path}`, { headers: { Authorization: `Bearer ${daemon.token}` } })).status;
  async function choose(page: Page, menu: string, entry: string) {
    await page.getByRole("button", { name: menu, exact: true }).click();
    await page.getByRole("menuitem", { name: entry }).click();
  }

  test.beforeAll(async () => {
    daemon = await Daemon.start();
    await daemon.submit(DAG);
  });
  test.afterAll(() => daemon.close());

  test("cancels a run, by its key", async ({ page, enter }) => {
    const { id, path } = await run("2013-06-01");
    await until("train to run", async () => (await statesOf(id)).train === "running");
    await until("beside to end", async () => (await statesOf(id)).beside === "success");
    await enter(daemon, path);
    await expect(page.getByRole("button", { name: "Cancel", exact: true })).toBeVisible();
    await page.keyboard.press("x");
    const dialog = page.getByRole("dialog", { name: /Cancel 2013-06-01 of acts/ });
    await expect(dialog).toContainText("1 task runs now, 1 waits.");
    // Not yet: closing it does nothing.
    await page.keyboard.press("Escape");
    expect((await runOf(id)).state).toBe("running");
    await page.keyboard.press("x");
    await dialog.getByRole("button", { name: "Cancel the run" }).click();
    await expect(page.getByText(/Cancel of 2013-06-01 of acts is asked/)).toBeVisible();
    expect(await daemon.finished("acts", id)).toBe("failed");
    expect(await runOf(id)).toMatchObject({ state: "failed", reason: "cancelled" });
    expect(await statesOf(id)).toMatchObject({ load: "success", beside: "success", report: "skipped" });
    await expect(page.getByText("Cancelled", { exact: true }).first()).toBeVisible();
  });

  test("clears a task and what comes after, and says which before", async ({ page, enter }) => {
    const { id, root, path } = await run("2013-06-02", "end");
    expect(await daemon.finished("acts", id)).toBe("failed");
    await enter(daemon, `${path}?task=train`);
    await choose(page, "More for train", "Clear & re-run…");
    const dialog = page.getByRole("dialog", { name: /Clear train of/ });
    const affected = dialog.getByRole("region", { name: "What it would change" });
    await expect(affected.getByRole("listitem")).toHaveText([/train/, /report/]);
    await expect(affected).toContainText("1 failed");
    await dialog.getByRole("checkbox", { name: "Upstream" }).check();
    await expect(affected.getByRole("listitem")).toHaveText([/load/, /train/, /report/]);
    await dialog.getByRole("checkbox", { name: "Upstream" }).uncheck();
    await dialog.getByRole("checkbox", { name: "Downstream" }).uncheck();
    await expect(affected.getByRole("listitem")).toHaveText([/train/]);
    await dialog.getByRole("checkbox", { name: "Downstream" }).check();
    await expect(affected.getByRole("listitem")).toHaveCount(2);
    expect((await runOf(id)).state, "looking changes nothing").toBe("failed");
    writeFileSync(join(root, "good"), "");
    await dialog.getByRole("button", { name: "Clear 2" }).click();
    await expect(page.getByText(/Cleared 2 .* of acts: they run again/)).toBeVisible();
    expect(await daemon.finished("acts", id)).toBe("success");
    const after = await tasksOf(id);
    expect(after).toMatchObject({ load: { try_number: 1 }, train: { state: "success", try_number: 2 }, report: { state: "success" } });
  });

  test("marks a task, then a run", async ({ page, enter }) => {
    const { id, path } = await run("2013-06-03", "end");
    expect(await daemon.finished("acts", id)).toBe("failed");
    await enter(daemon, `${path}?task=train`);
    await choose(page, "More for train", "Mark success…");
    const dialog = page.getByRole("dialog", { name: /Mark train of/ });
    await expect(dialog.getByRole("listitem")).toHaveText([/train/]);
    await dialog.getByRole("button", { name: "Mark 1 success" }).click();
    await expect(page.getByText(/Marked .* of acts as success/)).toBeVisible();
    await expect.poll(async () => (await tasksOf(id)).train).toMatchObject({ state: "success", reason: "marked", try_number: 1 });

    const good = await run("2013-06-04", "end", "good");
    expect(await daemon.finished("acts", good.id)).toBe("success");
    await page.goto(daemon.url + good.path);
    await choose(page, "More for this run", "Mark the run…");
    const ofRun = page.getByRole("dialog", { name: /Mark 2013-06-04 of acts/ });
    await expect(ofRun.getByRole("button", { name: "Mark success" })).toBeDisabled();
    await ofRun.getByRole("button", { name: "Failed" }).click();
    await ofRun.getByRole("button", { name: "Mark failed" }).click();
    await expect.poll(async () => (await runOf(good.id)).state).toBe("failed");
    expect(await statesOf(good.id), "its tasks stay as they are").toMatchObject({ load: "success", train: "success", report: "success" });
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(async () => (await runOf(good.id)).state).toBe("success");
  });

  test("deletes a run that is over, and no other", async ({ page, enter }) => {
    const { id, root, path } = await run("2013-06-05");
    await enter(daemon, path);
    await page.getByRole("button", { name: "More for this run" }).click();
    await expect(page.getByRole("menuitem", { name: "Delete the run…" })).toBeDisabled();
    await page.keyboard.press("Escape");
    for (const file of ["end", "good"]) writeFileSync(join(root, file), "");
    expect(await daemon.finished("acts", id)).toBe("success");
    await choose(page, "More for this run", "Delete the run…");
    const dialog = page.getByRole("dialog", { name: /Delete 2013-06-05 of acts/ });
    await expect(dialog).toContainText("This can't be undone.");
    await dialog.getByRole("button", { name: "Delete the run" }).click();
    await expect(page).toHaveURL(`${daemon.url}/dags/acts/runs`);
    await expect(page.getByText("Deleted 2013-06-05 of acts")).toBeVisible();
    await expect(page.getByRole("row", { name: /2013-06-05/ })).toHaveCount(0);
    expect(await status(`/dags/acts/dagRuns/${encodeURIComponent(id)}`)).toBe(404);
  });

  test("deletes a DAG whose name is typed", async ({ page, enter }) => {
    await daemon.submit("dag_id: old_one\ntasks:\n  a: {script: 'true'}\n");
    await enter(daemon, "/dags/old_one");
    await choose(page, "More for old_one", "Delete the DAG…");
    const dialog = page.getByRole("dialog", { name: "Delete old_one" });
    const sure = dialog.getByRole("button", { name: "Delete the DAG" });
    await expect(sure).toBeDisabled();
    await page.keyboard.type("old_on");
    await expect(sure).toBeDisabled();
    await page.keyboard.type("e");
    await sure.click();
    await expect(page).toHaveURL(`${daemon.url}/dags`);
    await expect(page.getByText("Deleted old_one", { exact: true })).toBeVisible();
    await expect(page.getByRole("link", { name: "old_one" })).toHaveCount(0);
    const left = await daemon.call<{ dags: { dag_id: string }[] }>("GET", "/dags");
    expect(left.dags.map((dag) => dag.dag_id)).toEqual(["acts"]);
  });
});
