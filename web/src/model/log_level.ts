// How bad a line says it is. The same rule as the daemon's search (docs/logs.md), so that what is tinted is what is counted.

export type LogLevel = "debug" | "info" | "warning" | "error";

const WORDS: Record<string, LogLevel> = {
  error: "error", fatal: "error", critical: "error", panic: "error", traceback: "error", exception: "error", warning: "warning",
  warn: "warning", info: "info", notice: "info", debug: "debug", trace: "debug",
};
const LOOKED_AT = 256; // bytes in the daemon; characters here, which is further by a few in a line that isn't ASCII

// oxlint-disable-next-line no-control-regex -- a colour's last letter isn't part of the word behind it
const ESCAPES = /\u001B\[[\u0020-\u003F]*[^]?|\u001B/g;

/** By the first such word near the beginning of the line as it was written, colours and all; null: it doesn't say. */
export function levelOf(line: string): LogLevel | null {
  const begin = line.length > LOOKED_AT ? line.slice(0, LOOKED_AT) : line;
  for (const [word] of begin.replace(ESCAPES, " ").matchAll(/[A-Za-z]+/g)) {
    const lower = word.toLowerCase();
    const known = WORDS[lower];
    if (known) return known;
    if (lower.endsWith("error") || lower.endsWith("exception")) return "error";
  }
  return null;
}
