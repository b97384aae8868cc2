import type { Param } from "@/model/params";
import { Choice, Field, Segments } from "@/ui/controls";
import { TextArea } from "@/ui/text_area";

import css from "./actions.module.css";

interface Props {
  params: readonly Param[];
  /** What was typed, by name; without it a param has its default. */
  texts: Readonly<Record<string, string>>;
  faults: Readonly<Record<string, string>>;
  /** `null`: back to the default. */
  onChange: (name: string, text: string | null) => void;
}

function hintOf({ description, limits, standard, choices }: Param): string {
  return [description, choices ? null : limits, standard === null ? "needs a value" : null].filter(Boolean).join(" · ");
}

const EXAMPLES: Partial<Record<Param["kind"], string>> = {
  date: "2013-06-11", timestamp: "2013-06-11T05:30:00Z", array: '["a", "b"]', object: '{"a": 1}',
};

function OneParam({ param, text, fault, onChange }: { param: Param; text: string; fault: string | undefined; onChange: (text: string) => void }) {
  const { name, kind, choices, standard } = param;
  const hint = hintOf(param);
  const said = fault ? <span className="bad" role="alert">{fault}</span> : hint;
  if (kind === "boolean") {
    return (
      <div className={css.stack}>
        <span className={css.label}>{name}</span>
        <Segments label={name} value={text} options={["true", "false"]} onChange={onChange} />
        {said && <p className={css.hint}>{said}</p>}
      </div>
    );
  }
  if (choices) {
    const options = choices.map((each) => ({ value: each, label: each }));
    return <Choice label={name} shown value={text} options={standard === null ? [{ value: "", label: "choose…" }, ...options] : options} hint={said} onChange={onChange} />;
  }
  if (kind === "array" || kind === "object" || text.includes("\n") || text.length > 80) {
    return (
      <div className={css.wide}>
        <TextArea label={name} shown mono={kind !== "string"} rows={2} unit={kind} value={text} hint={hint} error={fault} placeholder={EXAMPLES[kind]} onChange={onChange} />
      </div>
    );
  }
  return (
    <Field
      label={name} shown unit={kind} value={text} hint={hint} error={fault} placeholder={EXAMPLES[kind]} className={kind === "string" ? "" : css.mono}
      inputMode={kind === "integer" ? "numeric" : kind === "number" ? "decimal" : "text"} onChange={onChange}
    />
  );
}

/** A field for each param of a DAG, with its type, its default and what the API said to it. */
export function ParamFields({ params, texts, faults, onChange }: Props) {
  return (
    <div className={css.params}>
      {params.map((param) => (
        <OneParam
          key={param.name}
          param={param}
          text={texts[param.name] ?? param.standard ?? ""}
          fault={faults[param.name]}
          onChange={(text) => onChange(param.name, text === param.standard ? null : text)}
        />
      ))}
    </div>
  );
}
