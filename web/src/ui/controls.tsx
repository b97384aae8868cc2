import { Switch as RadixSwitch } from "radix-ui";
import { type ComponentPropsWithRef, type InputHTMLAttributes, type ReactNode, type Ref, useId } from "react";

import css from "./controls.module.css";
import { Icon, type IconName } from "./icon";
import { Tip } from "./tip";

type ButtonProps = ComponentPropsWithRef<"button"> & {
  icon?: IconName;
  /** `primary`: the one thing the page is for; `danger`: takes something away. */
  look?: "plain" | "primary" | "ghost" | "danger";
  small?: boolean;
  children?: ReactNode;
};

export function Button({ icon, look = "plain", small, children, className = "", ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={`${css.button} ${css[look]} ${small ? css.small : ""} ${className}`}>
      {icon && <Icon name={icon} size={13} />}
      {children}
    </button>
  );
}

/** A button of a glyph alone: its name is said and shown on hover. */
export function IconButton({ icon, label, size = 15, ...rest }: ComponentPropsWithRef<"button"> & { icon: IconName; label: string; size?: number }) {
  return (
    <Tip text={label}>
      <button type="button" aria-label={label} {...rest} className={css.icon}><Icon name={icon} size={size} /></button>
    </Tip>
  );
}

interface SegProps<V extends string> {
  label: string;
  value: V;
  options: readonly (V | { value: V; label: ReactNode })[];
  onChange: (value: V) => void;
}

/** One of a few. */
export function Segments<V extends string>({ label, value, options, onChange }: SegProps<V>) {
  return (
    <div className={css.segments} role="group" aria-label={label}>
      {options.map((option) => {
        const { value: each, label: shown } = typeof option === "string" ? { value: option, label: option as ReactNode } : option;
        return (
          <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)}>{shown}</button>
        );
      })}
    </div>
  );
}

export function Switch({ on, label, onChange, disabled }: { on: boolean; label: string; onChange: (on: boolean) => void; disabled?: boolean }) {
  return (
    <RadixSwitch.Root className={css.switch} checked={on} onCheckedChange={onChange} aria-label={label} disabled={disabled ?? false}>
      <RadixSwitch.Thumb className={css.thumb} />
    </RadixSwitch.Root>
  );
}

type FieldProps = Omit<InputHTMLAttributes<HTMLInputElement>, "onChange"> & {
  label: string;
  /** Shown above (`label` is said in any case). */
  shown?: boolean;
  icon?: IconName;
  /** In the field's end: its unit or zone. */
  unit?: ReactNode;
  hint?: ReactNode;
  error?: string | null | undefined;
  inputRef?: Ref<HTMLInputElement>;
  onChange: (value: string) => void;
};

export function Field({ label, shown, icon, unit, hint, error, inputRef, onChange, className = "", ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className={`${css.field} ${className}`}>
      <label htmlFor={id} className={shown ? css.label : "hidden"}>{label}</label>
      <div className={css.input} data-bad={Boolean(error)}>
        {icon && <Icon name={icon} size={14} />}
        <input
          id={id}
          ref={inputRef}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={Boolean(error)}
          aria-describedby={error || hint ? `${id}-said` : undefined}
          {...rest}
          onChange={(event) => onChange(event.target.value)}
        />
        {unit && <span className="dim nowrap">{unit}</span>}
      </div>
      {(error || hint) && <p id={`${id}-said`} className={error ? `${css.hint} bad` : css.hint}>{error || hint}</p>}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  shown?: boolean;
  value: string;
  options: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
  hint?: ReactNode;
}

/** The browser's own select: it is right on a phone and with a keyboard. */
export function Choice({ label, shown, value, options, onChange, hint }: ChoiceProps) {
  const id = useId();
  return (
    <div className={css.field}>
      <label htmlFor={id} className={shown ? css.label : "hidden"}>{label}</label>
      <select id={id} className={css.select} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
      {hint && <p className={css.hint}>{hint}</p>}
    </div>
  );
}

export function Tick({ label, on, onChange, disabled }: { label: ReactNode; on: boolean; onChange: (on: boolean) => void; disabled?: boolean }) {
  return (
    <label className={css.tick}>
      <input type="checkbox" checked={on} disabled={disabled} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}
