import { count } from "./time";

// Going through the lines that a search found. Lines are numbers from 0 on, sorted.

/** The place in `lines` of the first that is at or after `line`. */
export function lowerBound(lines: ArrayLike<number>, line: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle]! < line) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place of the match to go to from `line`; round the end. -1: there is none. */
export function nextMatch(lines: ArrayLike<number>, line: number, way: 1 | -1): number {
  if (!lines.length) return -1;
  const at = lowerBound(lines, way > 0 ? line + 1 : line);
  return way > 0 ? at % lines.length : (at - 1 + lines.length) % lines.length;
}

export interface Found {
  lines: number;
  /** More may be there. */
  open: boolean;
}

/** `21 of 24`, `24 lines`, `none`; `+` where the search was ended before the log. */
export function foundText({ lines, open }: Found, current: number): string {
  if (!lines) return open ? "…" : "none";
  const all = `${count(lines)}${open ? "+" : ""}`;
  return current >= 0 ? `${count(current + 1)} of ${all}` : `${all} ${lines === 1 && !open ? "line" : "lines"}`;
}

export interface Range {
  from: number;
  to: number;
}

/** Where `query` is in a line, without regard to the case of ASCII letters: as the daemon looks. */
export function rangesOf(text: string, query: string): Range[] {
  if (!query) return [];
  const fold = (words: string) => words.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const [in_, what] = [fold(text), fold(query)];
  const out: Range[] = [];
  for (let at = in_.indexOf(what); at >= 0 && out.length < 100; at = in_.indexOf(what, at + what.length)) out.push({ from: at, to: at + what.length });
  return out;
}

export interface Piece<S> {
  span: S;
  text: string;
  marked: boolean;
}

/** The spans of a line cut at the ranges. */
export function cutAt<S extends { text: string }>(spans: readonly S[], ranges: readonly Range[]): Piece<S>[] {
  const out: Piece<S>[] = [];
  let base = 0;
  for (const span of spans) {
    let at = 0;
    for (const range of ranges) {
      const from = Math.max(range.from - base, at);
      const to = Math.min(range.to - base, span.text.length);
      if (to <= from) continue;
      if (from > at) out.push({ span, text: span.text.slice(at, from), marked: false });
      out.push({ span, text: span.text.slice(from, to), marked: true });
      at = to;
    }
    if (at < span.text.length) out.push({ span, text: span.text.slice(at), marked: false });
    base += span.text.length;
  }
  return out;
}

/** `#L120` or `#L120-L140` as lines from 0 on; null for another hash. */
export function parseHash(hash: string): { first: number; last: number } | null {
  const found = /^#L(\d{1,12})(?:-L?(\d{1,12}))?$/.exec(hash);
  if (!found) return null;
  const [a, b] = [Number(found[1]), Number(found[2] ?? found[1])];
  return a >= 1 && b >= 1 ? { first: Math.min(a, b) - 1, last: Math.max(a, b) - 1 } : null;
}

export function hashOf({ first, last }: { first: number; last: number }): string {
  return first === last ? `#L${first + 1}` : `#L${first + 1}-L${last + 1}`;
}

/** `:120` or `:120-140`, typed where one searches: go there. */
export function parseGoTo(text: string): { first: number; last: number } | null {
  const found = /^:(\d+)(?:-(\d+))?$/.exec(text.trim());
  return found ? parseHash(`#L${found[1]}${found[2] ? `-L${found[2]}` : ""}`) : null;
}
