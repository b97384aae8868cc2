// The last lines of a log as plain text, for places too small for the log itself.

/** Colours and other words to a terminal. */
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** A line that was written over with carriage returns is what was written last. */
function lastWritten(line: string): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf("\r") + 1);
}

/** `begun`: the text begins within a line, which is left out. */
export function plainLines(text: string, most: number, begun = false): string[] {
  const lines = text.replace(ESCAPES, "").split("\n");
  if (begun) lines.shift();
  if (lines.at(-1) === "") lines.pop();
  return lines.slice(-most).map(lastWritten);
}

const BAD = /^(?:\S+ ){0,2}\W*(?:ERROR|FATAL|CRITICAL|Traceback\b|[A-Z][A-Za-z.]*(?:Error|Exception)\b)/;

/** Whether it says near its beginning that something went wrong. */
export function isBadLine(line: string): boolean {
  return BAD.test(line);
}
