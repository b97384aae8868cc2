import { memo, type ReactNode, useLayoutEffect, useRef } from "react";

import type { LineText } from "@/model/log_text";
import { cutAt, rangesOf } from "@/model/log_search";
import { bytes } from "@/model/time";

import css from "./log_view.module.css";

const looks = new Map<string, string>();

/** `fg-red bold` as the module's classes. */
function classOf(look: string): string | undefined {
  if (!look) return undefined;
  let known = looks.get(look);
  if (known === undefined) {
    known = look.split(" ").map((word) => css[word] ?? "").join(" ");
    looks.set(look, known);
  }
  return known;
}

/** A log's text is data: text nodes with classes, never markup. */
export function Spans({ text, query }: { text: LineText; query: string }): ReactNode {
  return cutAt(text.spans, rangesOf(text.text, query)).map(({ span, text: piece, marked }, index) => {
    const look = classOf(span.look);
    if (marked) return <mark key={index}>{piece}</mark>;
    return look ? <span key={index} className={look}>{piece}</span> : piece;
  });
}

interface Props {
  line: number;
  /** null: its bytes are on the way. */
  text: LineText | null;
  query: string;
  chosen: boolean;
  current: boolean;
  stamps: boolean;
  onWhole: (line: number) => void;
}

export const LogRow = memo(function LogRow({ line, text, query, chosen, current, stamps, onWhole }: Props) {
  const words = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const box = words.current;
    if (!box) return;
    // Of a line that is wider than the view: to where the match is.
    const mark = current ? box.querySelector("mark") : null;
    const left = mark ? mark.offsetLeft - box.offsetLeft : 0;
    box.scrollLeft = left + (mark?.offsetWidth ?? 0) > box.clientWidth - 30 ? left - box.clientWidth / 2 : 0;
  }, [current, query, text]);
  return (
    <div className={css.row} data-line={line} data-level={text?.level ?? undefined} data-chosen={chosen || undefined} data-current={current || undefined}>
      <span className={css.number}>{line + 1}</span>
      {stamps && <span className={css.stamp} title={text?.stamp ? `${text.stamp.whole}, as the log has it` : undefined}>{text?.stamp?.clock}</span>}
      <span ref={words} className={css.text}>{text && <Spans text={text} query={query} />}</span>
      {text && text.whole > 0 && <button type="button" className={css.whole} onClick={() => onWhole(line)}>{bytes(text.whole)}, show whole line</button>}
    </div>
  );
});
