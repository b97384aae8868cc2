import { Empty } from "@/ui/notes";

import { LogTail } from "./log_tail";
import css from "./panel.module.css";
import { logPath, type Ref } from "./queries";

/** The log of a try. */
export function LogTab({ of, attempt, operator }: { of: Ref; attempt: number | null; operator: string | null }) {
  if (attempt === null) {
    return <Empty title={operator === "sensor" ? "A sensor writes no log: the daemon looks itself." : operator === "trigger_dag" ? "It starts a run of another DAG: that run has the logs." : "It hasn't been started, so there is no log."} />;
  }
  return (
    <div className={css.log}>
      <LogTail of={of} attempt={attempt} />
      <p className="dim small"><a className={css.link} href={logPath(of, attempt)} target="_blank" rel="noreferrer">The whole log as text</a></p>
    </div>
  );
}
