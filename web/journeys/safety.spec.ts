import { Daemon, expect, test } from "./fixtures";

// Checks 21 and 22 of docs/security.md: what strangers wrote is text, wherever it is shown. Any dialog, any script of it, any
// refusal of the content policy fails the journey (the fixture listens to the console).
const EVIL = `<img src=x onerror=alert(1)><script>alert(2)</script>`;

const DAG = `
# <script>alert('comment')</script>
dag_id: evil
description: "${EVIL}"
owner: "${EVIL}"
tags: ["<b>bold</b>"]
params:
  text: {type: string, default: "${EVIL}", description: "javascript:alert(3) ${EVIL}"}
tasks:
  speak:
    description: "${EVIL}"
    script: |
      printf '%s\\n' "$PARAM_TEXT"
      printf '\\033]8;;javascript:alert(4)\\033\\\\a link\\033]8;;\\033\\\\\\n'
      printf '\\033[31m<svg onload=alert(5)>\\033[0m\\n'
      echo '{"x": "<svg onload=alert(6)>"}' > $MILLRACE_OUTPUT
      exit 1
`;

test.describe("text of strangers", () => {
  let daemon: Daemon;
  let run: string;
  test.beforeAll(async () => {
    daemon = await Daemon.start();
    await daemon.submit(DAG);
    run = await daemon.trigger("evil", { note: EVIL });
    await daemon.finished("evil", run);
  });
  test.afterAll(() => daemon.close());

  test("stays text on every page that shows it", async ({ page, enter }) => {
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const at = `/dags/evil/runs/${encodeURIComponent(run)}`;
    await enter(daemon, "/");
    for (const path of ["/", "/dags", "/dags/evil", "/dags/evil/tasks", "/dags/evil/code", "/dags/evil/runs", at, `${at}?task=speak&tab=log`,
      `${at}?task=speak&tab=why`, `${at}?task=speak&tab=io`, `${at}?task=speak&tab=command`, "/runs", "/event-log", "/submit?dag=evil"]) {
      await page.goto(daemon.url + path);
      await expect(page.locator("main")).toBeVisible();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      expect(await page.locator("main img, main script, main b:text('bold'), main svg[onload], a[href^='javascript:']").count(), path).toBe(0);
    }
    await page.goto(`${daemon.url}${at}?task=speak&tab=log`);
    await expect(page.getByText("<svg onload=alert(5)>")).toBeVisible();
    await expect(page.getByText("a link")).toBeVisible();
    await page.goto(`${daemon.url}/dags/evil`);
    await page.getByRole("button", { name: "Trigger" }).click();
    await expect(page.getByRole("dialog")).toContainText("javascript:alert(3)");
    expect(dialogs).toEqual([]);
  });
});
