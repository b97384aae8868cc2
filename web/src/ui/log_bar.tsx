import { type KeyboardEvent, type RefObject } from "react";

import { count } from "@/model/time";

import { IconButton, Segments } from "./controls";
import { Icon } from "./icon";
import css from "./log_view.module.css";

export type LevelFilter = "all" | "warning" | "error";

interface Props {
  field: RefObject<HTMLInputElement | null>;
  query: string;
  found: string;
  /** Why the search failed, for who points at `found`. */
  trouble: string;
  onQuery: (query: string) => void;
  onNext: (way: 1 | -1) => void;
  level: LevelFilter;
  /** null: not counted. */
  warnings: number | null;
  errors: number | null;
  countsOpen: boolean;
  onLevel: (level: LevelFilter) => void;
  wrap: boolean;
  onWrap: () => void;
  stamps: boolean;
  onStamps: () => void;
  onCopy: () => void;
  url: string;
  file: string;
  max: boolean;
  onMax: () => void;
}

export function LogBar({ field, ...props }: Props) {
  const { query, found, trouble, warnings, errors, countsOpen } = props;
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") props.onNext(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      if (query) props.onQuery("");
      else event.currentTarget.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const label = (word: string, n: number | null) => (n === null ? word : `${word} ${count(n)}${countsOpen ? "+" : ""}`);
  return (
    <div className={css.bar} role="search" aria-label="In this log">
      <label className={css.find}>
        <Icon name="search" size={13} />
        <span className="hidden">Search in the log; :120 goes to line 120</span>
        <input
          ref={field}
          value={query}
          placeholder="Search, or :line"
          maxLength={300}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => props.onQuery(event.target.value)}
          onKeyDown={keys}
        />
        {query && (
          <>
            <span className={css.found} aria-live="polite" title={trouble || undefined}>{found}</span>
            <button type="button" aria-label="Match before (Shift+Enter)" onClick={() => props.onNext(-1)}><Icon name="up" size={12} /></button>
            <button type="button" aria-label="Next match (Enter)" onClick={() => props.onNext(1)}><Icon name="down" size={12} /></button>
          </>
        )}
      </label>
      <Segments
        label="Lines shown"
        value={props.level}
        options={[{ value: "all", label: "All" }, { value: "warning", label: label("Warn", warnings) }, { value: "error", label: label("Error", errors) }]}
        onChange={props.onLevel}
      />
      <span className={css.tools}>
        <IconButton icon="wrap" label="Wrap lines (w)" size={14} aria-pressed={props.wrap} onClick={props.onWrap} />
        <span className={css.rare}><IconButton icon="clock" label="Time stamps of the log" size={14} aria-pressed={props.stamps} onClick={props.onStamps} /></span>
        <IconButton icon="copy" label="Copy the chosen lines, or all" size={14} onClick={props.onCopy} />
        <a className={css.tool} href={props.url} download={props.file} aria-label="Download the log" title="Download the log"><Icon name="download" size={14} /></a>
        <span className={css.rare}><IconButton icon="maximize" label={props.max ? "Back to its place (f)" : "Fill the window (f)"} size={14} aria-pressed={props.max} onClick={props.onMax} /></span>
      </span>
    </div>
  );
}
