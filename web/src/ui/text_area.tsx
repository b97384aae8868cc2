import { type ReactNode, type Ref, useId } from "react";

import css from "./text_area.module.css";

interface Props {
  label: string;
  /** Shown above (`label` is said in any case). */
  shown?: boolean;
  value: string;
  onChange: (value: string) => void;
  rows?: number;
  placeholder?: string;
  /** In the line of the label: its type or zone. */
  unit?: ReactNode;
  hint?: ReactNode;
  error?: string | null | undefined;
  mono?: boolean;
  inputRef?: Ref<HTMLTextAreaElement>;
  maxLength?: number;
}

/** Several lines of text: notes, lists, JSON. */
export function TextArea({ label, shown, value, onChange, rows = 3, unit, hint, error, mono, inputRef, ...rest }: Props) {
  const id = useId();
  return (
    <div className={css.field}>
      <div className={shown ? "row gap8" : "hidden"}>
        <label htmlFor={id} className={css.label}>{label}</label>
        <span className="space" />
        {unit && <span className="dim small nowrap">{unit}</span>}
      </div>
      <textarea
        id={id}
        ref={inputRef}
        className={`${css.text} ${mono ? "mono" : ""}`}
        rows={rows}
        value={value}
        spellCheck={!mono}
        aria-invalid={Boolean(error)}
        aria-describedby={error || hint ? `${id}-said` : undefined}
        {...rest}
        onChange={(event) => onChange(event.target.value)}
      />
      {(error || hint) && <p id={`${id}-said`} className={error ? `${css.hint} bad` : css.hint}>{error || hint}</p>}
    </div>
  );
}
