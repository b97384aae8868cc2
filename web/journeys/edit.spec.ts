import { Daemon, expect, test } from "./fixtures";

const FIRST = `dag_id: written
# umlauts count as one letter to a reader: äöü
tasks:
  load: {script: 'echo rows'}
  train:
    depends_on: [load]
    script: echo model
`;
interface Version {
  version_number: number;
}

test.describe("a DAG that is written in the browser", () => {
  let daemon: Daemon;
  test.beforeAll(async () => {
    daemon = await Daemon.start();
    await daemon.submit(FIRST);
  });
  test.afterAll(() => daemon.close());

  test("is told where it is wrong, is mended, submitted, and shown with what changed", async ({ page, enter }) => {
    await enter(daemon, "/dags/written/code");
    await page.getByRole("link", { name: "Edit" }).click();
    await expect(page).toHaveURL(/\/submit\?dag=written/);
    const editor = page.getByRole("textbox", { name: /Text of written/ });
    await expect(editor).toContainText("depends_on: [load]");
    await expect(page.getByRole("status").first()).toHaveText("Valid");
    await expect(page.getByRole("button", { name: "Submit", exact: true })).toBeEnabled();

    // One more task at the end; it waits for one that isn't there, and has a key that no task has.
    await editor.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.insertText("  report:\n    depends_on: [trian]\n    script: echo done\n    retrys: 2\n");
    await expect(page.getByRole("status").first()).toHaveText("2 problems");
    await expect(page.getByRole("button", { name: "Submit", exact: true })).toBeDisabled();
    const problems = page.getByRole("region", { name: "Problems", exact: true }).getByRole("listitem");
    await expect(problems).toContainText([/9:18.*trian.*did you mean 'train'/s, /11:5.*retrys.*did you mean 'retries'/s]);
    // The same at their places in the text: under the words, and beside the lines.
    await expect(page.locator(".cm-lintRange-error")).toHaveText(["trian", "retrys"]);
    await expect(page.locator(".cm-lint-marker-error")).toHaveCount(2);
    await problems.nth(1).getByRole("button").click();
    await expect(editor).toBeFocused();
    await expect(page.locator(".cm-activeLine")).toHaveText("    retrys: 2");
    // The caret stands before the word: what is typed replaces it.
    for (let letter = 0; letter < "retrys".length; letter += 1) await page.keyboard.press("Delete");
    await page.keyboard.type("retries");
    await expect(page.getByRole("status").first()).toHaveText("1 problem");
    await page.keyboard.press("F8");
    await expect(page.locator(".cm-activeLine")).toHaveText("    depends_on: [trian]");
    await page.locator(".cm-lintRange-error").dblclick();
    await page.keyboard.type("train");
    // With the last letter: it is asked once that text is checked.
    await page.keyboard.press("Control+s");
    const dialog = page.getByRole("dialog", { name: "Submit written" });
    await expect(dialog).toContainText("makes a new version of written, after v1");
    await expect(page.locator(".cm-lintRange-error")).toHaveCount(0);
    await dialog.getByRole("button", { name: "Submit" }).click();
    await expect(page.getByText("v2 of written is in force.")).toBeVisible();
    expect(await daemon.call<Version>("GET", "/dags/written/dagVersions/2")).toMatchObject({ version_number: 2 });
    expect((await daemon.call<{ content: string }>("GET", "/dagSources/written")).content).toBe(`${FIRST}  report:\n    depends_on: [train]\n    script: echo done\n    retries: 2\n`);

    await page.getByRole("link", { name: "See what changed" }).click();
    await expect(page).toHaveURL(/\/dags\/written\/code\?v=2&diff=1/);
    await expect(page.getByRole("region", { name: "Source of v2" })).toContainText("v1 is what is taken away, v2 is what is there now");
    await expect(page.getByRole("textbox", { name: "v2" }).locator(".cm-changedLine")).toHaveText(["  report:", "    depends_on: [train]", "    script: echo done", "    retries: 2"]);
    await expect(page.getByRole("region", { name: "Structure", exact: true })).toContainText(/Added.*report/s);
  });

  test("is refused as a whole where another version came in between", async ({ page, enter }) => {
    await daemon.submit("dag_id: raced\ntasks:\n  a: {script: 'true'}\n");
    await enter(daemon, "/submit?dag=raced");
    const editor = page.getByRole("textbox", { name: /Text of raced/ });
    await editor.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.insertText("  b: {script: 'true'}\n");
    await expect(page.getByText("Submit makes a new version of raced, after v1.")).toBeVisible();
    await daemon.submit("dag_id: raced\ntasks:\n  a: {script: 'false'}\n");
    await page.keyboard.press("Control+s");
    const dialog = page.getByRole("dialog", { name: "Submit raced" });
    await expect(dialog.getByRole("alert")).toContainText("While you wrote, v2 came into force in place of v1.");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(await daemon.call("GET", "/dags/raced/dagVersions")).toMatchObject({ total_entries: 2 });
  });

  // Its styles come as constructed style sheets, which the content policy allows (ui/code/style_mod.ts); without them a line's number
  // stands above its text, and what is wrong has no mark.
  for (const theme of ["dark", "light"] as const) {
    test(`has its look under the content policy, ${theme}`, async ({ page, enter }) => {
      await page.emulateMedia({ colorScheme: theme });
      await enter(daemon, "/submit?dag=written");
      expect((await page.request.get(`${daemon.url}/submit`)).headers()["content-security-policy"]).toContain("style-src 'self'");
      const editor = page.getByRole("textbox", { name: /Text of written/ });
      await editor.click();
      await page.keyboard.press("Control+End");
      await page.keyboard.insertText("  again: {depends_on: [nothing], script: '{{ ds }}'}\n");
      const wrong = page.locator(".cm-lintRange-error");
      await expect(wrong).toHaveText("nothing");
      const look = async (selector: string, name: string) => page.locator(selector).first().evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), name);
      expect(await look(".cm-scroller", "display")).toBe("flex");
      expect(await look(".cm-scroller", "font-family")).toContain("JetBrains Mono");
      expect(await look(".cm-gutters", "display")).toBe("flex");
      expect(await look(".cm-lintRange-error", "text-decoration-style")).toBe("wavy");
      const token = await page.evaluate(() => {
        const probe = document.body.appendChild(document.createElement("i"));
        probe.style.color = "var(--ansi-magenta)";
        const found = getComputedStyle(probe).color;
        probe.remove();
        return found;
      });
      expect(await look(".cm-template", "color")).toBe(token);
      const line = (await page.locator(".cm-line").first().boundingBox())!;
      const number = (await page.locator(".cm-lineNumbers .cm-gutterElement", { hasText: /^1$/ }).boundingBox())!;
      expect(Math.abs(number.y - line.y)).toBeLessThan(2);
      expect(number.x + number.width).toBeLessThanOrEqual(line.x + 1);
    });
  }
});
