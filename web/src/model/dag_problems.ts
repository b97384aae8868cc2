import type { Fault } from "@/api/client";

// What the daemon says is wrong with a DAG file, at the place where it is wrong.

export interface Problem {
  /** From 1 on; null: of the file as a whole. */
  line: number | null;
  column: number | null;
  message: string;
  hint: string;
  /** Offsets in the text, for the wavy line. */
  from: number;
  to: number;
}

const encoder = new TextEncoder();

/** Columns of the daemon count bytes of UTF-8, those of an editor UTF-16 units: where byte `column` of a line is, from 0 on. */
export function unitsOf(line: string, column: number): number {
  let bytes = 1;
  let units = 0;
  for (const letter of line) {
    if (bytes >= column) break;
    bytes += encoder.encode(letter).length;
    units += letter.length;
  }
  return units;
}

/** The word at that place, or the rest of the line where none is; at least one letter. */
function endOf(line: string, from: number): number {
  const rest = line.slice(from);
  const quoted = /^(["'])(?:(?!\1).)*\1/.exec(rest);
  const word = quoted?.[0] ?? /^[^\s,:[\]{}#]+/.exec(rest)?.[0] ?? rest.trimEnd();
  return from + Math.max(1, word.length);
}

/** In the order of the file, each once; what has no place comes first. */
export function problemsOf(faults: readonly Fault[], text: string): Problem[] {
  const lines = text.split(/\r\n|[\n\r]/);
  const starts: number[] = [];
  let at = 0;
  for (const line of lines) {
    starts.push(at);
    at += line.length + 1;
  }
  const seen = new Set<string>();
  const found = faults.flatMap((fault): Problem[] => {
    const key = `${fault.line}:${fault.column}:${fault.msg}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const told = { message: fault.msg, hint: fault.hint ?? "" };
    // The end of a file that breaks off may be a line beyond the last one.
    const line = fault.line ? Math.min(fault.line, lines.length) : null;
    if (line === null) return [{ ...told, line: null, column: null, from: 0, to: 0 }];
    const words = lines[line - 1]!;
    const from = Math.min(unitsOf(words, fault.column ?? 1), words.length);
    const start = starts[line - 1]!;
    return [{ ...told, line, column: fault.column ?? null, from: start + from, to: Math.min(text.length, start + endOf(words, from)) }];
  });
  return found.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || a.from - b.from);
}

/** `line 4, column 12`; `the file as a whole`. */
export function placeOf(problem: Pick<Problem, "line" | "column">): string {
  if (problem.line === null) return "the file as a whole";
  return problem.column === null ? `line ${problem.line}` : `line ${problem.line}, column ${problem.column}`;
}
