// How well what was typed fits a name, for the palette. All words must fit; order and gaps are free, but a piece in a row, at the
// beginning of a word, is worth more.

const isEdge = (text: string, at: number) => at === 0 || /[\s_.\-/:]/.test(text[at - 1]!);

/** The best score of `word` in `text` as a subsequence, or null. Both in small letters. */
function scoreWord(word: string, text: string): number | null {
  const whole = text.indexOf(word);
  if (whole >= 0) {
    let at = whole;
    while (at >= 0 && !isEdge(text, at)) at = text.indexOf(word, at + 1);
    return (at === 0 ? 64 : at > 0 ? 60 : 40) + word.length * 4 - Math.min(20, text.length - word.length) / 4 + (word === text ? 20 : 0);
  }
  // Letters in order: "flin" in "flights_ingest". The beginnings of words first, else the next place.
  let score = 0;
  let from = 0;
  let last = -2;
  for (const letter of word) {
    let at = -1;
    for (let i = from; i < text.length; i += 1) {
      if (text[i] === letter && (i === last + 1 || isEdge(text, i))) {
        at = i;
        break;
      }
    }
    if (at < 0) at = text.indexOf(letter, from);
    if (at < 0) return null;
    score += at === last + 1 ? 3 : isEdge(text, at) ? 4 : -1;
    last = at;
    from = at + 1;
  }
  return score > 0 ? score : null;
}

/** Higher is better; null: it doesn't fit. Nothing typed fits everything alike. */
export function fuzzy(typed: string, name: string): number | null {
  const text = name.toLowerCase();
  let sum = 0;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const score = scoreWord(word, text);
    if (score === null) return null;
    sum += score;
  }
  return sum;
}

/** Those that fit, the best first; equals keep their order. */
export function ranked<T>(typed: string, all: readonly T[], nameOf: (each: T) => string): T[] {
  return all
    .map((each, index) => ({ each, index, score: fuzzy(typed, nameOf(each)) }))
    .filter((found): found is { each: T; index: number; score: number } => found.score !== null)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map(({ each }) => each);
}
