import { Daemon, expect, test } from "./fixtures";

const SLOW = `
dag_id: slow
tasks:
  first: {script: 'until [ -e "$MARK" ]; do read -t 0.2 _ < <(:) || true; done', env: {MARK: "{{ params.mark }}"}}
  second: {depends_on: [first], script: 'true'}
params:
  mark: {type: string, default: /nonexistent}
`;

test.describe("the stream", () => {
  let daemon: Daemon;
  test.beforeAll(async () => {
    daemon = await Daemon.start();
    await daemon.submit(SLOW);
  });
  test.afterAll(() => daemon.close());

  test("moves a cell without a reload, and comes back after the daemon died", async ({ page, enter }) => {
    const mark = `${daemon.root}/mark`;
    await enter(daemon, "/dags/slow");
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    const run = await daemon.trigger("slow", { conf: { mark } });
    const cell = page.getByRole("grid").getByRole("gridcell").first();
    await expect(cell).toHaveAttribute("aria-label", /running/);

    await daemon.kill();
    await expect(page.getByText(/Not live for/)).toBeVisible();
    await expect(page.getByRole("button", { name: "Trigger" })).toBeEnabled();

    await import("node:fs").then((fs) => fs.writeFileSync(mark, ""));
    await daemon.up();
    expect(await daemon.finished("slow", run)).toBe("success");
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    // What happened while nobody told it is there: the page was never loaded again.
    await expect(cell).toHaveAttribute("aria-label", /success/);
  });

  test("stands still while it is paused, and shows what waited", async ({ page, enter }) => {
    const conf = { mark: `${daemon.root}/mark` };
    await import("node:fs").then((fs) => fs.writeFileSync(conf.mark, ""));
    await daemon.finished("slow", await daemon.trigger("slow", { conf }));
    await enter(daemon, "/dags/slow/runs");
    await expect(page.getByRole("row").nth(1)).toBeVisible();
    const before = await page.getByRole("row").count();
    await page.getByRole("button", { name: /Pause updates/ }).click();
    const run = await daemon.trigger("slow", { conf });
    await daemon.finished("slow", run);
    await expect(page.getByText(/changes? waits?/)).toBeVisible();
    expect(await page.getByRole("row").count()).toBe(before);
    await page.getByRole("button", { name: /Show updates/ }).click();
    await expect(page.getByRole("row")).toHaveCount(before + 1);
  });
});

test("many tabs share one stream", async ({ context, page, flights, enter }) => {
  await enter(flights, "/");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  const second = await context.newPage();
  await second.goto(`${flights.url}/dags/flights_ingest`);
  await expect(second.getByText("1 stream, shared by 2 tabs")).toBeVisible();
  await second.close();
  await expect(page.getByText("1 stream", { exact: true })).toBeVisible();
});
