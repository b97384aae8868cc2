/** Lines of a file, from 1 on, both included. */
export interface LineRange {
  first: number;
  last: number;
}

/** `#L12` or `#L12-L20`; null for another hash. */
export function linesOfHash(hash: string): LineRange | null {
  const found = /^#L([1-9]\d{0,8})(?:-L?([1-9]\d{0,8}))?$/.exec(hash);
  if (!found) return null;
  const [a, b] = [Number(found[1]), Number(found[2] ?? found[1])];
  return { first: Math.min(a, b), last: Math.max(a, b) };
}

export function hashOfLines({ first, last }: LineRange): string {
  return first === last ? `#L${first}` : `#L${first}-L${last}`;
}
