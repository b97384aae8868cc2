import { defaultKeymap } from "@codemirror/commands";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef, useSyncExternalStore } from "react";

import { codeLook, type CodeLanguage } from "./setup";

interface Props {
  before: string;
  after: string;
  /** What they are called: `v13`, `v14`. */
  names: [string, string];
  language?: CodeLanguage;
  /** Beside each other or one below the other; by itself as wide as the window is. */
  split?: boolean;
}

const WIDE = "(min-width: 1200px)";

function useWide(): boolean {
  return useSyncExternalStore((tell) => {
    const query = matchMedia(WIDE);
    query.addEventListener("change", tell);
    return () => query.removeEventListener("change", tell);
  }, () => matchMedia(WIDE).matches);
}

// Colour says it, and so do the signs before the lines.
const diffTheme = EditorView.theme({
  ".cm-line, .cm-deletedChunk .cm-deletedLine": { position: "relative", paddingLeft: "18px" },
  ".cm-changedLine, &.cm-merge-b .cm-changedLine": { backgroundColor: "var(--success-b)" },
  ".cm-changedLine::before": { content: `"+"`, color: "var(--success-t)", position: "absolute", left: "5px" },
  ".cm-deletedChunk, &.cm-merge-a .cm-changedLine": { backgroundColor: "var(--failed-b)", paddingLeft: "0" },
  "&.cm-merge-a .cm-changedLine": { paddingLeft: "18px" },
  ".cm-deletedChunk .cm-deletedLine::before, &.cm-merge-a .cm-changedLine::before": { content: `"−"`, color: "var(--failed-t)", position: "absolute", left: "5px" },
  ".cm-changedText, &.cm-merge-b .cm-changedText": { background: "color-mix(in srgb, var(--success) 18%, transparent)", borderRadius: "2px" },
  ".cm-deletedChunk .cm-deletedText, &.cm-merge-a .cm-changedText": { background: "color-mix(in srgb, var(--failed) 18%, transparent)", borderRadius: "2px" },
  ".cm-changeGutter": { width: "3px", paddingLeft: "0" },
  ".cm-changedLineGutter, &.cm-merge-b .cm-changedLineGutter": { background: "var(--success)" },
  ".cm-deletedLineGutter, &.cm-merge-a .cm-changedLineGutter": { background: "var(--failed)" },
  ".cm-collapsedLines": {
    background: "var(--sunken)", color: "var(--ink-2)", borderTop: "1px solid var(--line)", borderBottom: "1px solid var(--line)", padding: "3px 18px",
    fontFamily: `"Inter Variable", system-ui, sans-serif`, fontSize: "11.5px",
  },
  ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: "none" },
});

function reading(label: string, language: CodeLanguage): Extension[] {
  return [
    lineNumbers(), search({ top: true }), keymap.of([...searchKeymap, ...defaultKeymap]), EditorState.readOnly.of(true), diffTheme, codeLook(language),
    EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true", inputmode: "none", tabindex: "0" }),
  ];
}

const SAME = { collapseUnchanged: { margin: 3, minSize: 6 }, gutter: true, highlightChanges: true } as const;

/** What one text has that the other hasn't; what is the same is folded. */
export default function DiffView({ before, after, names, language = "yaml", split }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const wide = useWide();
  const beside = split ?? wide;
  const [from, to] = names;
  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    if (beside) {
      const merge = new MergeView({
        ...SAME, parent,
        a: { doc: before, extensions: reading(from, language) },
        b: { doc: after, extensions: reading(to, language) },
      });
      return () => merge.destroy();
    }
    const view = new EditorView({
      parent,
      state: EditorState.create({
        doc: after,
        extensions: [reading(`${to}, with what ${from} had instead`, language), unifiedMergeView({ ...SAME, original: before, mergeControls: false })],
      }),
    });
    return () => view.destroy();
  }, [before, after, from, to, language, beside]);
  return <div ref={box} className="code-diff" style={{ height: "100%", minHeight: 0, overflow: "auto" }} />;
}
