import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { expect, test } from "./fixtures";

// WCAG 2.2 AA on every page, in both themes, with the flights in it.
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RUN = "dataset__2001-01-04T00:00:00%2B00:00";
const PAGES: Record<string, string> = {
  overview: "/", dags: "/dags", grid: "/dags/flights_features", calendar: "/dags/flights_features/calendar?year=2001",
  "dag runs": "/dags/flights_features/runs", tasks: "/dags/flights_features/tasks", durations: "/dags/flights_features/durations",
  code: "/dags/flights_features/code", run: `/dags/flights_features/runs/${RUN}`,
  "run log": `/dags/flights_features/runs/${RUN}?task=features&tab=log`, runs: "/runs", backfills: "/backfills",
  "new backfill": "/backfills/new?dag=flights_ingest&from=2001-01-01&to=2001-01-20", backfill: "/backfills/1", datasets: "/datasets",
  dataset: "/datasets/flights_raw", capacity: "/capacity",
  compare: `/compare?a=flights_features/${RUN}&b=flights_features/${RUN.replace("-04T", "-05T")}`, "event log": "/event-log",
  settings: "/settings", submit: "/submit", "not found": "/nowhere",
};

type Found = { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[];

for (const theme of ["dark", "light"] as const) {
  test(`nothing stands in the way of anybody, ${theme}`, async ({ page, flights, enter }) => {
    test.setTimeout(300_000);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await enter(flights);
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(flights.url + path);
      await expect(page.locator("main")).toBeVisible();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      await expect(page.getByText("This page broke")).toHaveCount(0);
      await page.evaluate(AXE); // by the debugger, which may do what the content policy forbids a page
      const found = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run: (at: Document, options: object) => Promise<{ violations: Found }> } };
        return (await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })).violations;
      });
      const said = found.map((each) => `${each.id}: ${each.help}\n${each.nodes.slice(0, 4)
        .map((node) => `  ${node.html.slice(0, 200)}\n    ${node.failureSummary.replaceAll("\n", " ")}`).join("\n")}`);
      expect.soft(said.join("\n"), `${name}: ${path}`).toBe("");
    }
  });
}
