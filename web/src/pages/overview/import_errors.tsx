import { useQuery } from "@tanstack/react-query";

import { read } from "@/api/queries";
import { Icon } from "@/ui/icon";
import { Instant } from "@/ui/zone";

import css from "./overview.module.css";

export function useImportErrors() {
  // A file may become bad without any event: nothing in force has changed by it.
  return useQuery({ ...read("/api/v2/importErrors", { query: { limit: 50 } }), refetchInterval: 15_000 });
}

/** The files that are refused, each with what the daemon says of it: place, line and caret. */
export function ImportErrors() {
  const found = useImportErrors().data;
  if (!found?.import_errors.length) return null;
  const total = found.total_entries;
  return (
    <section className={css.strip} id="import-errors" aria-label="Import errors">
      <h2 className="row gap8"><Icon name="warning" />{total === 1 ? "1 file is refused" : `${total} files are refused`}<span className="mid">what was in force before stays in force</span></h2>
      {found.import_errors.map((error, index) => (
        <details key={error.import_error_id} open={index === 0}>
          <summary><span className="mono strong">{error.filename}</span><span className="mid">read <Instant at={error.timestamp} /></span></summary>
          <pre className="mono" tabIndex={0} role="region" aria-label={`Mistakes in ${error.filename}`}>{error.stack_trace.trimEnd()}</pre>
        </details>
      ))}
    </section>
  );
}
