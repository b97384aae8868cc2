import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";

import type { Problem } from "@/model/dag_problems";

import { codeLook } from "./setup";

export interface EditorHandle {
  /** Puts the caret there, in sight, and the focus into the text. */
  goTo: (offset: number) => void;
  /** Another text, as one step that can be undone. */
  replace: (text: string) => void;
}

interface Props {
  handle: Ref<EditorHandle>;
  /** What it begins with; later it is the editor's. */
  text: string;
  label: string;
  problems: readonly Problem[];
  readOnly?: boolean;
  onChange: (text: string) => void;
  /** Ctrl S. */
  onSave: () => void;
}

const lintLook = EditorView.theme({
  // The wavy line is drawn by the text's own decoration: an image in a style would be one more thing to allow.
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--failed) 1px", textUnderlineOffset: "3px", textDecorationSkipInk: "none" },
  ".cm-lintRange-active": { backgroundColor: "var(--failed-b)" },
  ".cm-lint-marker-error": { content: "none", width: "9px", height: "9px", borderRadius: "50%", backgroundColor: "var(--failed)", margin: "4px 2px 0 4px" },
  ".cm-gutter-lint": { width: "15px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0" },
  ".cm-tooltip-lint": { padding: "0" },
  ".cm-diagnostic": { padding: "6px 10px", borderLeft: "none", maxWidth: "460px", fontFamily: `"Inter Variable", system-ui, sans-serif`, fontSize: "12px", whiteSpace: "pre-line" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--failed)" },
  ".cm-lintPoint-error::after": { borderBottomColor: "var(--failed)" },
});

/** A YAML editor. Problems come from outside: wavy lines, dots beside the lines, F8 from one to the next. Esc and then Tab leave it. */
export default function Editor({ handle, text, label, problems, readOnly = false, onChange, onSave }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const first = useRef(text);
  const newest = useRef({ onChange, onSave });
  useEffect(() => {
    newest.current = { onChange, onSave };
  });
  useEffect(() => {
    if (!box.current) return;
    const made = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          lintGutter(), lineNumbers(), foldGutter(), highlightActiveLineGutter(), highlightActiveLine(), highlightSpecialChars(), history(), drawSelection(),
          indentOnInput(), indentUnit.of("  "), EditorState.tabSize.of(2), bracketMatching(), search({ top: true }), highlightSelectionMatches(),
          EditorState.readOnly.of(readOnly),
          keymap.of([
            { key: "Mod-s", preventDefault: true, run: () => (newest.current.onSave(), true) },
            ...lintKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...defaultKeymap, indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) newest.current.onChange(update.state.doc.toString());
          }),
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
          lintLook, codeLook("yaml"),
        ],
      }),
    });
    view.current = made;
    return () => {
      view.current = null;
      first.current = made.state.doc.toString();
      made.destroy();
    };
  }, [label, readOnly]);
  useEffect(() => {
    const made = view.current;
    if (!made) return;
    const end = made.state.doc.length;
    made.dispatch(setDiagnostics(made.state, problems.filter((problem) => problem.line !== null).map((problem) => ({
      from: Math.min(problem.from, end), to: Math.min(problem.to, end), severity: "error" as const, message: problem.hint ? `${problem.message}\n${problem.hint}` : problem.message,
    }))));
  }, [problems, label, readOnly]);
  useImperativeHandle(handle, () => ({
    goTo(offset) {
      const made = view.current;
      if (!made) return;
      const at = Math.min(offset, made.state.doc.length);
      made.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      made.focus();
    },
    replace(next) {
      const made = view.current;
      made?.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: next } });
    },
  }), []);
  return <div ref={box} style={{ height: "100%", minHeight: 0 }} />;
}
