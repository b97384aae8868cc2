import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { Decoration, EditorView, MatchDecorator, ViewPlugin } from "@codemirror/view";
import { tags } from "@lezer/highlight";

// What all views of code share: the look, in tokens, so that a theme change needs no new editor.

const MONO = `"JetBrains Mono Variable", ui-monospace, monospace`;

const theme = EditorView.theme({
  "&": { color: "var(--log-ink)", backgroundColor: "var(--log-bg)", fontSize: "12px", height: "100%" },
  "&.cm-focused": { outline: "none" },
  // Over the gutters, which would cover an outline.
  "&.cm-focused::after": { content: `""`, position: "absolute", inset: "0", border: "2px solid var(--focus)", pointerEvents: "none", zIndex: "250" },
  ".cm-scroller": { fontFamily: MONO, lineHeight: "18.5px" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 14px 0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "1.5px" },
  ".cm-gutters": { backgroundColor: "var(--log-bg)", color: "var(--log-dim)", border: "none", fontFamily: MONO },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 12px", minWidth: "36px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: "var(--line-2)" },
  ".cm-selectionMatch": { backgroundColor: "var(--sel)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--sel)", outline: "1px solid var(--line-2)" },
  ".cm-searchMatch": { backgroundColor: "var(--mark)", color: "var(--mark-ink)" },
  ".cm-searchMatch-selected": { outline: "1.5px solid var(--ink)" },
  ".cm-linked": { backgroundColor: "var(--sel)", boxShadow: "inset 2px 0 0 var(--sel-line)" },
  ".cm-template": { color: "var(--ansi-magenta)" },
  ".cm-panels": { backgroundColor: "var(--surface)", color: "var(--ink)", fontFamily: "inherit", borderColor: "var(--line)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "6px 10px", fontSize: "12px" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button, .cm-textfield, .cm-button": {
    fontFamily: `"Inter Variable", system-ui, sans-serif`, fontSize: "12px", backgroundImage: "none", backgroundColor: "var(--surface)", color: "var(--ink)",
    border: "1px solid var(--line-2)", borderRadius: "6px", minHeight: "24px", padding: "0 8px",
  },
  ".cm-panel.cm-search label": { fontFamily: `"Inter Variable", system-ui, sans-serif`, fontSize: "12px", display: "inline-flex", alignItems: "center", minHeight: "24px", gap: "4px" },
  ".cm-panel.cm-search [name=close]": { minWidth: "24px", minHeight: "24px", fontSize: "16px", color: "var(--ink-2)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--ink)", border: "1px solid var(--line-2)", borderRadius: "8px", boxShadow: "var(--shadow)", overflow: "hidden" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--sunken)", border: "1px solid var(--line)", color: "var(--ink-3)" },
});

const colors = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--ink)", fontWeight: "550" },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--ink)", fontWeight: "550" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--ansi-blue)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--ansi-cyan)" },
  { tag: [tags.lineComment, tags.comment, tags.meta], color: "var(--log-dim)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.bracket], color: "var(--log-dim)" },
  { tag: tags.invalid, color: "var(--failed-t)" },
]);

const templates = new MatchDecorator({ regexp: /\{\{.*?\}\}/g, decoration: Decoration.mark({ class: "cm-template" }) });
const templateMarks = ViewPlugin.define(
  (view) => ({ marks: templates.createDeco(view), update(update) { this.marks = templates.updateDeco(update, this.marks); } }),
  { decorations: (plugin) => plugin.marks },
);

export type CodeLanguage = "yaml" | "text";

export function codeLook(language: CodeLanguage): Extension[] {
  return [theme, syntaxHighlighting(colors), ...(language === "yaml" ? [yaml(), templateMarks] : [])];
}
