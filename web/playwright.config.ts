import { defineConfig } from "@playwright/test";

// Journeys of a person through the real pages, in Debian's Chromium, against the real daemon (journeys/daemon.ts).
export default defineConfig({
  testDir: "journeys",
  outputDir: process.env.MILLRACE_JOURNEYS_OUT ?? "../build/journeys",
  workers: 1, // two cores: a second browser makes both slow
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "America/New_York", // nobody's pages may depend on the reader's zone
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    },
  },
});
