import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

import { type Browser, expect, type Page, test } from "@playwright/test";

import { shrinkAll } from "./palette";
import { PAGES, PHONE, WIDE } from "./pages";
import { PictureServer, type Recorded } from "./server";

// Every page in both themes, as it was when somebody last looked at it: drawn from recorded answers, compared pixel by pixel.
// `make pictures` runs it alone, `make pictures UPDATE=1` takes what is drawn now as right.

const DIST = resolve(process.env.MILLRACE_WEB_DIST ?? resolve(import.meta.dirname, "../../build/release/web/dist"));
const recorded = JSON.parse(readFileSync(resolve(import.meta.dirname, "answers.json"), "utf8")) as Recorded;

/** The browser that drew the kept pictures: another one's letters have other edges. */
const DRAWN_BY = resolve(import.meta.dirname, "chromium");

let server: PictureServer;
test.beforeAll(async () => {
  server = new PictureServer(DIST, recorded);
  await server.start();
});
test.afterAll(async ({ browser }, info) => {
  await server.close();
  if (["all", "changed"].includes(info.config.updateSnapshots)) writeFileSync(DRAWN_BY, `${major(browser)}\n`);
  // Pictures that were just made are large.
  const { PNG } = createRequire(import.meta.url)("playwright-core/lib/utilsBundle") as { PNG: { sync: { read: Parameters<typeof shrinkAll>[1] } } };
  shrinkAll(resolve(import.meta.dirname, "shots"), PNG.sync.read);
});

/** CodeMirror's sign of what can be folded. */
const LET_PASS = ["⌄"];

/** Letters that the pages' own fonts don't have: on another machine they look otherwise. */
async function strangeLetters(page: Page): Promise<string[]> {
  const texts = await page.evaluate(() => {
    // All within one is asked about alone: what is plain is in any font.
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!/[^\x20-\x7e\s]/.test(node.textContent!) || !node.parentElement!.checkVisibility()) continue;
      node.parentElement!.dataset.letters = String(found.length);
      found.push(node.textContent!);
    }
    return found;
  });
  if (!texts.length) return [];
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  await session.send("CSS.enable");
  const { root } = await session.send("DOM.getDocument", { depth: 0 });
  const { nodeIds } = await session.send("DOM.querySelectorAll", { nodeId: root.nodeId, selector: "[data-letters]" });
  const strange = [];
  for (const nodeId of nodeIds) {
    const { fonts } = await session.send("CSS.getPlatformFontsForNode", { nodeId });
    const { attributes } = await session.send("DOM.getAttributes", { nodeId });
    if (fonts.some((font) => !font.isCustomFont)) strange.push(texts[Number(attributes[attributes.indexOf("data-letters") + 1])]!);
  }
  await session.detach();
  return [...new Set(strange)].filter((text) => !LET_PASS.includes(text));
}

/** A picture that differs is taken again after a while: a machine that is busy may not have drawn all of the page yet. */
async function compare(page: Page, what: string, file: string): Promise<void> {
  for (const again of [300, 1_500]) {
    const same = await expect(page).toHaveScreenshot(file, { timeout: 5_000 }).then(() => true, () => false);
    if (same) return;
    await page.waitForTimeout(again);
  }
  await expect.soft(page, what).toHaveScreenshot(file, { timeout: 5_000 });
}

const major = (browser: Browser) => browser.version().split(".")[0];

test("every page looks as it did", async ({ page, context, browser }) => {
  const drawnBy = readFileSync(DRAWN_BY, "utf8").trim();
  test.skip(major(browser) !== drawnBy, `the kept pictures are Chromium ${drawnBy}'s, this is ${major(browser)}: look, then make pictures UPDATE=1`);
  test.setTimeout(300_000);
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await context.clock.setFixedTime(recorded.now);
  let theme: "dark" | "light" = "dark";
  for (const [name, { path, phone }] of Object.entries(PAGES)) {
    await page.setViewportSize(phone ? PHONE : WIDE);
    await page.goto(server.origin + path);
    await expect(page.locator("main")).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await expect(page.getByText("This page broke")).toHaveCount(0);
    await server.quiet(200);
    await page.evaluate(() => document.fonts.ready);
    expect.soft(await strangeLetters(page), `${name}: letters that the pages' own fonts lack`).toEqual([]);
    for (let turn = 0; turn < 2; turn += 1) {
      await compare(page, `${name}, ${theme}`, `${name}_${theme}.png`);
      if (turn === 1) continue;
      theme = theme === "dark" ? "light" : "dark";
      await page.evaluate(() => document.querySelector<HTMLElement>("header [aria-label$=' theme']")!.click());
    }
  }
  expect([...server.unknown], "asked for, but never recorded (make pictures RECORD=1)").toEqual([]);
});
