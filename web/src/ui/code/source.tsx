import { lineNumbers, EditorView, Decoration, keymap, highlightSpecialChars } from "@codemirror/view";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { foldGutter, foldKeymap } from "@codemirror/language";
import { defaultKeymap } from "@codemirror/commands";
import { search, searchKeymap, highlightSelectionMatches } from "@codemirror/search";
import { useEffect, useRef } from "react";

import type { LineRange } from "@/model/line_range";

import { codeLook, type CodeLanguage } from "./setup";

const setLinked = StateEffect.define<LineRange | null>();
const line = Decoration.line({ class: "cm-linked" });

function marksOf(state: EditorState, lines: LineRange | null) {
  if (!lines) return Decoration.none;
  const last = Math.min(lines.last, state.doc.lines);
  return Decoration.set(Array.from({ length: Math.max(0, last - lines.first + 1) }, (_, index) => line.range(state.doc.line(lines.first + index).from)));
}

const linked = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setLinked)) return marksOf(transaction.state, effect.value);
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

interface Props {
  text: string;
  language?: CodeLanguage;
  label: string;
  /** Lines that the address names: they are marked, and brought into sight. */
  lines?: LineRange | null;
  /** A line number was clicked (with Shift: up to it), or Enter pressed on a selection. */
  onLines?: (lines: LineRange | null) => void;
}

/** Text to read: with line numbers, folds and a search (Ctrl F). The caret moves in it, Tab leaves it. */
export default function SourceView({ text, language = "yaml", label, lines = null, onLines }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const newest = useRef({ lines, onLines });
  useEffect(() => {
    newest.current = { lines, onLines };
  });
  useEffect(() => {
    if (!box.current) return;
    const pick = (at: number, shift: boolean) => {
      const { lines: now, onLines: tell } = newest.current;
      if (shift && now) tell?.({ first: Math.min(now.first, at), last: Math.max(now.first, at) });
      else tell?.(now?.first === at && now.last === at ? null : { first: at, last: at });
    };
    const made = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers({
            domEventHandlers: {
              mousedown(editor, block, event) {
                if (!newest.current.onLines) return false;
                pick(editor.state.doc.lineAt(block.from).number, (event as MouseEvent).shiftKey);
                return true;
              },
            },
          }),
          foldGutter(), highlightSpecialChars(), search({ top: true }), highlightSelectionMatches(), linked, EditorState.readOnly.of(true),
          keymap.of([{
            key: "Enter",
            run({ state: { doc, selection: { main } } }) {
              newest.current.onLines?.({ first: doc.lineAt(main.from).number, last: doc.lineAt(main.to).number });
              return true;
            },
          }, ...searchKeymap, ...foldKeymap, ...defaultKeymap]),
          EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", inputmode: "none", tabindex: "0" }),
          codeLook(language),
        ],
      }),
    });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
  }, [text, language, label]);
  useEffect(() => {
    const made = view.current;
    if (!made) return;
    const scroll = lines && lines.first <= made.state.doc.lines ? [EditorView.scrollIntoView(made.state.doc.line(lines.first).from, { y: "center" })] : [];
    made.dispatch({ effects: [setLinked.of(lines), ...scroll] });
  }, [lines, text, language, label]);
  return <div ref={box} style={{ height: "100%", minHeight: 0 }} />;
}
