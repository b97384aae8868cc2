import { IconButton } from "@/ui/controls";

import css from "./calendar.module.css";

/** One year of several; nothing where there is one. */
export function YearPicker({ years, year, onPick }: { years: readonly number[]; year: number; onPick: (year: number) => void }) {
  const index = years.indexOf(year);
  if (years.length < 2) return null;
  return (
    <span className={css.year}>
      <IconButton icon="chevron_left" size={13} label="The year before" disabled={index <= 0} onClick={() => onPick(years[index - 1]!)} />
      <span className="strong">{year}</span>
      <IconButton icon="chevron_right" size={13} label="The year after" disabled={index >= years.length - 1} onClick={() => onPick(years[index + 1]!)} />
    </span>
  );
}
