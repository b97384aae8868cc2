import { type AnsiState, carry, cleaned, paint, sequencesOf, type Span } from "./ansi";
import { levelOf, type LogLevel } from "./log_level";
import { type Stamp, stampOf } from "./log_time";

// A line of a log as it is shown, from its bytes.

/** Of a longer line the view shows the beginning: a line of a megabyte would be laid out for seconds. */
export const SHOWN_BYTES = 4 * 1024;
/** A line up to this long is read whole, for its carriage returns; of a longer one the beginning and the end. */
export const READ_BYTES = 64 * 1024;
export const END_BYTES = 8 * 1024;

export interface LineText {
  /** Behind the stamp. */
  spans: Span[];
  /** What the spans say. */
  text: string;
  stamp: Stamp | null;
  level: LogLevel | null;
  /** Bytes of the whole line where only its beginning is shown; 0: it is all there. */
  whole: number;
}

const CR = 13;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Ends `bytes` before a character that isn't whole: at most three bytes. */
export function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needs > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** What is left of a line after its last carriage return; those at its very end are no returns to anywhere. */
export function lastState(line: string): { text: string; before: string } {
  const text = line.replace(/\r+$/, "");
  const at = text.lastIndexOf("\r");
  return at < 0 ? { text, before: "" } : { text: text.slice(at + 1), before: text.slice(0, at) };
}

function withoutStamp(spans: readonly Span[], length: number): Span[] {
  const out: Span[] = [];
  let left = length;
  for (const span of spans) {
    if (left < span.text.length) out.push(left > 0 ? { ...span, text: span.text.slice(left) } : span);
    left = Math.max(0, left - span.text.length);
  }
  return out;
}

/** `line`: as it was written, of which `shown` characters at most are taken; `whole`: its bytes if that isn't all of it. */
function shownText(line: string, from: AnsiState, whole: number): LineText {
  const { text: last, before } = lastState(line);
  const { spans } = paint(cleaned(last), before ? carry(sequencesOf(before), from) : from);
  const all = spans.map((span) => span.text).join("");
  const stamp = stampOf(all);
  const shown = stamp ? withoutStamp(spans, stamp.raw.length) : spans;
  return { spans: shown, text: stamp ? all.slice(stamp.raw.length) : all, stamp, level: levelOf(line), whole };
}

/** A line that was read whole, without its line end; `from`: the colours in force at its beginning. */
export function lineText(bytes: Uint8Array, from: AnsiState): LineText {
  if (bytes.length <= SHOWN_BYTES || bytes.includes(CR)) {
    const text = decoder.decode(bytes);
    const { text: last } = lastState(text);
    // Of a progress bar only its last state is shown: that is what must be short.
    if (last.length <= SHOWN_BYTES) return shownText(text, from, 0);
  }
  return shownText(decoder.decode(wholeCharacters(bytes.subarray(0, SHOWN_BYTES))), from, bytes.length);
}

/** A line too long to be read whole: `head` and `tail` are READ_BYTES and END_BYTES of it at most. */
export function longLineText(head: Uint8Array, tail: Uint8Array, whole: number, from: AnsiState): LineText {
  const cr = tail.subarray(0, tail.at(-1) === CR ? tail.length - 1 : tail.length).lastIndexOf(CR);
  if (cr >= 0) return shownText(decoder.decode(tail.subarray(cr + 1)), from, 0);
  return shownText(decoder.decode(wholeCharacters(head.subarray(0, SHOWN_BYTES))), from, whole);
}

/** All of a line as plain text, as it is copied: without colours, and without what a progress bar had overwritten. */
export function plainText(bytes: Uint8Array): string {
  const { text } = lastState(decoder.decode(bytes));
  // oxlint-disable-next-line no-control-regex -- the only sequences that cleaned() leaves
  return cleaned(text).replace(/\u001B\[[\d;]*m/g, "");
}
