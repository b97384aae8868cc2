// What differs between two texts, line by line: Myers' shortest edit script ("An O(ND) Difference Algorithm and Its Variations", 1986).

export type DiffLine =
  | { kind: "same"; a: number; b: number; text: string }
  | { kind: "gone"; a: number; text: string }
  | { kind: "new"; b: number; text: string }
  /** Lines that are the same in both and far from any change. */
  | { kind: "folded"; count: number };

/** Beyond so many edits the texts have little in common: everything is said to be new. */
const MOST_EDITS = 2_000;

/** How far each diagonal was reached after d edits, for d from 0 on: the way back is read from it. */
function traceOf(a: readonly string[], b: readonly string[]): Int32Array[] | null {
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const reached = new Int32Array(2 * most + 3);
  const middle = most + 1;
  const trace: Int32Array[] = [];
  for (let d = 0; d <= most; d += 1) {
    // Only what this round can look at is kept: 2d + 3 diagonals.
    trace.push(reached.slice(middle - d - 1, middle + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reached[middle + k - 1]! < reached[middle + k + 1]!);
      let x = down ? reached[middle + k + 1]! : reached[middle + k - 1]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reached[middle + k] = x;
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return null;
}

function edits(a: readonly string[], b: readonly string[]): DiffLine[] {
  const trace = traceOf(a, b);
  if (!trace) return [...a.map((text, index): DiffLine => ({ kind: "gone", a: index, text })), ...b.map((text, index): DiffLine => ({ kind: "new", b: index, text }))];
  const lines: DiffLine[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const at = (k: number) => trace[d]![k + d + 1]!;
    const k = x - y;
    const down = d > 0 && (k === -d || (k !== d && at(k - 1) < at(k + 1)));
    const before = d === 0 ? 0 : down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : at(before);
    const fromY = fromX - before;
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      lines.push({ kind: "same", a: x, b: y, text: a[x]! });
    }
    if (d === 0) break;
    if (down) {
      y -= 1;
      lines.push({ kind: "new", b: y, text: b[y]! });
    } else {
      x -= 1;
      lines.push({ kind: "gone", a: x, text: a[x]! });
    }
  }
  return lines.reverse();
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  // A last line without an end isn't another line.
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** All lines of both, numbers from 1. Of a change, what is gone comes before what is new. */
export function lineDiff(a: string, b: string): DiffLine[] {
  const [left, right] = [linesOf(a), linesOf(b)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < left.length - start && end < right.length - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end += 1;
  const same = (from: number, count: number, shift: number): DiffLine[] =>
    Array.from({ length: count }, (_, index) => ({ kind: "same", a: from + index + 1, b: from + shift + index + 1, text: left[from + index]! }));
  const between = edits(left.slice(start, left.length - end), right.slice(start, right.length - end)).map((line): DiffLine => ({
    ...line, ...("a" in line ? { a: line.a + start + 1 } : {}), ...("b" in line ? { b: line.b + start + 1 } : {}),
  } as DiffLine));
  return goneFirst([...same(0, start, 0), ...between, ...same(left.length - end, end, right.length - left.length)]);
}

function goneFirst(lines: DiffLine[]): DiffLine[] {
  const out: DiffLine[] = [];
  let fresh: DiffLine[] = [];
  for (const line of lines) {
    if (line.kind === "new") fresh.push(line);
    else if (line.kind === "gone") out.push(line);
    else {
      out.push(...fresh, line);
      fresh = [];
    }
  }
  return [...out, ...fresh];
}

/** Without the lines that are more than `around` away from any change. */
export function foldSame(lines: readonly DiffLine[], around: number): DiffLine[] {
  const out: DiffLine[] = [];
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (end < lines.length && lines[end]!.kind === "same") end += 1;
    const before = at === 0 ? 0 : around;
    const after = end === lines.length ? 0 : around;
    if (end - at > before + after + 1) {
      out.push(...lines.slice(at, at + before), { kind: "folded", count: end - at - before - after }, ...lines.slice(end - after, end));
    } else out.push(...lines.slice(at, end));
    at = end;
    while (at < lines.length && lines[at]!.kind !== "same") {
      out.push(lines[at]!);
      at += 1;
    }
  }
  return out;
}

export function changesOf(lines: readonly DiffLine[]): { added: number; gone: number } {
  return { added: lines.filter((line) => line.kind === "new").length, gone: lines.filter((line) => line.kind === "gone").length };
}

/** Side by side: what is gone beside what came for it. */
export function inPairs(lines: readonly DiffLine[]): [DiffLine | null, DiffLine | null][] {
  const pairs: [DiffLine | null, DiffLine | null][] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    if (line.kind === "same" || line.kind === "folded") {
      pairs.push([line, line]);
      at += 1;
      continue;
    }
    const gone: DiffLine[] = [];
    const fresh: DiffLine[] = [];
    for (; at < lines.length && (lines[at]!.kind === "gone" || lines[at]!.kind === "new"); at += 1) (lines[at]!.kind === "gone" ? gone : fresh).push(lines[at]!);
    for (let row = 0; row < Math.max(gone.length, fresh.length); row += 1) pairs.push([gone[row] ?? null, fresh[row] ?? null]);
  }
  return pairs;
}
