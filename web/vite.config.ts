import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// `npm run dev` shows the pages of this tree over a daemon that runs elsewhere:
//   MILLRACE_URL=http://127.0.0.1:8080 MILLRACE_TOKEN=$(cat .millrace/admin.token) npm run dev
const daemon = process.env.MILLRACE_URL ?? "http://127.0.0.1:8080";
const token = process.env.MILLRACE_TOKEN;
const forward = {
  target: daemon,
  changeOrigin: true,
  headers: { origin: daemon, ...(token ? { authorization: `Bearer ${token}` } : {}) },
};
const proxy = Object.fromEntries(
  ["/api", "/events", "/auth", "/login", "/logout", "/openapi.json", "/docs", "/metrics"].map((path) => [
    path === "/events" ? "^/events\\?" : path,
    forward,
  ]),
);

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      "@": fileURLToPath(new URL("./src", import.meta.url)),
      // What brings CodeMirror's styles into the page, in a way that the page's policy allows.
      "style-mod": fileURLToPath(new URL("./src/ui/code/style_mod.ts", import.meta.url)),
    },
  },
  server: { proxy, host: "127.0.0.1" },
  preview: { proxy, host: "127.0.0.1" },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node", restoreMocks: true, testTimeout: 120_000 },
});
