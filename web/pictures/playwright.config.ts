import { resolve } from "node:path";

import journeys from "../playwright.config";

// The pictures of the pages: what journeys have, but for where they are and how they are compared. A pixel may be off by seven of 256
// levels of grey (a kept picture has 256 colours alone: up to four), and ten pixels may be off by more.
export default {
  ...journeys,
  testDir: ".",
  outputDir: process.env.MILLRACE_JOURNEYS_OUT ?? "../../build/pictures",
  snapshotPathTemplate: "{testDir}/shots/{arg}{ext}",
  expect: { timeout: 20_000, toHaveScreenshot: { threshold: 0.03, maxDiffPixels: 10, animations: "disabled" as const, caret: "hide" as const } },
  use: {
    ...journeys.use,
    trace: "off" as const,
    deviceScaleFactor: 1,
    launchOptions: {
      ...journeys.use!.launchOptions,
      env: { ...process.env, FONTCONFIG_FILE: resolve(import.meta.dirname, "fonts.conf") } as Record<string, string>,
      args: [...journeys.use!.launchOptions!.args!, "--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb"],
    },
  },
};
