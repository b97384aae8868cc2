// Time stamps that a program writes at the beginning of its lines. They are shown as they are: nobody knows their zone.

export interface Stamp {
  /** The beginning of the line that it takes, with brackets and the space after it. */
  raw: string;
  /** `09:41:02.123`: what changes from line to line. */
  clock: string;
  /** All of it, without brackets. */
  whole: string;
}

const DATE = String.raw`\d{4}[-/.]\d\d[-/.]\d\d`;
const CLOCK = String.raw`\d\d:\d\d:\d\d`;
const FRACTION = String.raw`(?:[.,]\d{1,9})?`;
const ZONE = String.raw`(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?`;
const STAMP = new RegExp(String.raw`^([\[(]?)((?:${DATE}[T ]|[A-Z][a-z]{2} [ \d]\d )?(${CLOCK})(${FRACTION})${ZONE})(?:[\])])?(?:[:|]?\s+|$)`);

/** null: the line has none. */
export function stampOf(line: string): Stamp | null {
  const found = STAMP.exec(line.length > 64 ? line.slice(0, 64) : line);
  if (!found) return null;
  const fraction = found[4] ? `.${found[4].slice(1, 4)}` : "";
  return { raw: found[0], clock: found[3]! + fraction, whole: found[2]! };
}
