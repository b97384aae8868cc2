import type { ClipboardEvent } from "react";

import type { LogSource } from "./log_source";
import css from "./log_view.module.css";

/** What of a row is within the selection; its time stamp when all of the row is. */
function selectedText(row: HTMLElement, range: Range, source: LogSource): string {
  const text = row.querySelector(`.${css.text}`);
  if (!text) return "";
  const mine = document.createRange();
  mine.selectNodeContents(text);
  if (mine.compareBoundaryPoints(Range.START_TO_START, range) < 0) mine.setStart(range.startContainer, range.startOffset);
  if (mine.compareBoundaryPoints(Range.END_TO_END, range) > 0) mine.setEnd(range.endContainer, range.endOffset);
  const line = source.text(Number(row.dataset.line));
  const said = mine.toString();
  if (!line) return said;
  // Of a row that is selected from its beginning on: as the log has it.
  return said.startsWith(line.text) ? `${line.stamp?.raw ?? ""}${line.text}` : said;
}

/** Puts the selected lines into the clipboard as plain text: without numbers, with the stamps as the log has them. */
export function copySelection(event: ClipboardEvent<HTMLElement>, source: LogSource): void {
  const selection = getSelection();
  if (!selection || selection.isCollapsed || !selection.rangeCount) return;
  const range = selection.getRangeAt(0);
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>(`.${css.row}`)].filter((row) => range.intersectsNode(row));
  if (!rows.length) return;
  event.clipboardData.setData("text/plain", rows.map((row) => selectedText(row, range, source)).join("\n"));
  event.preventDefault();
}
