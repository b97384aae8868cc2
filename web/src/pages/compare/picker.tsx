import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { read } from "@/api/queries";
import { executionDate } from "@/model/time";
import { wordOf, toState } from "@/model/states";
import { Choice, Field } from "@/ui/controls";
import { Shown } from "@/ui/notes";
import { useSettled } from "@/ui/rows";
import { Card } from "@/ui/surface";

import css from "./compare.module.css";
import type { RunName } from "./run_name";

const RECENT = 100;
const DAGS = 200;

/** A DAG, then one of its recent runs. */
export function RunPicker({ letter, dagId, picked, onPick }: { letter: "A" | "B"; dagId: string; picked: string; onPick: (run: RunName) => void }) {
  const [dag, setDag] = useState(dagId);
  const [sought, setSought] = useState("");
  const q = useSettled(sought);
  const dags = useQuery(read("/api/v2/dags", { query: { limit: DAGS, order_by: "dag_id", ...(q ? { dag_id_pattern: `%${q}%` } : {}) } }));
  const details = useQuery({ ...read("/api/v2/dags/{dag_id}/details", { path: { dag_id: dag } }), enabled: Boolean(dag) });
  const runs = useQuery({ ...read("/api/v2/dags/{dag_id}/dagRuns", { path: { dag_id: dag }, query: { limit: RECENT, order_by: "-logical_date" } }), enabled: Boolean(dag) });
  const zone = details.data?.timezone ?? "UTC";
  const many = (dags.data?.total_entries ?? 0) > DAGS || sought !== "";
  return (
    <Card title={`Run ${letter}`} className={css.picker!}>
      <div className={css.pickerBody}>
        {many && <Field label="DAGs whose id has" shown value={sought} onChange={setSought} icon="search" />}
        <Shown query={dags} what="DAGs can't be listed" lines={1}>
          {(found) => (
            <Choice
              label="DAG" shown value={dag} onChange={setDag}
              options={[{ value: "", label: "Choose a DAG" }, ...(dag && !found.dags.some((each) => each.dag_id === dag) ? [{ value: dag, label: dag }] : []), ...found.dags.map((each) => ({ value: each.dag_id, label: each.dag_id }))]}
            />
          )}
        </Shown>
        {dag && (
          <Shown query={runs} what={`Runs of ${dag} can't be listed`} lines={1}>
            {(found) => found.dag_runs.length ? (
              <Choice
                label="Run" shown value={dag === dagId && found.dag_runs.some((run) => run.dag_run_id === picked) ? picked : ""} onChange={(run) => run && onPick({ dagId: dag, run })}
                hint={(found.total_entries ?? 0) > found.dag_runs.length ? `The newest ${found.dag_runs.length} by date. Any other: its address has its id after b=DAG/.` : undefined}
                options={[{ value: "", label: "Choose a run" }, ...found.dag_runs.map((run) => ({
                  value: run.dag_run_id, label: `${executionDate(run.execution_date, zone)} · ${run.run_kind.replaceAll("_", " ")} · ${wordOf(toState(run.state)).toLowerCase()}`,
                }))]}
              />
            ) : <p className="dim">{dag} has no runs yet.</p>}
          </Shown>
        )}
      </div>
    </Card>
  );
}
