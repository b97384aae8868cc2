import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { read } from "@/api/queries";
import { scheduleWords } from "@/model/schedule_words";
import { Field } from "@/ui/controls";
import { Shown } from "@/ui/notes";
import { Tag } from "@/ui/surface";

import css from "./actions.module.css";

/** Asks which DAG; Enter takes the first that fits. */
export function DagPicker({ onPick }: { onPick: (dagId: string) => void }) {
  const [sought, setSought] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const found = useQuery({ ...read("/api/v2/ui/dags", { query: { q: sought, limit: 50 } }), placeholderData: (before) => before });
  return (
    <>
      <Field label="DAG" icon="search" placeholder="Which DAG?" value={sought} inputRef={field} onChange={setSought} onKeyDown={(event) => {
        const first = found.data?.dags[0];
        if (event.key === "Enter" && first && !found.isPlaceholderData) onPick(first.dag_id);
      }} />
      <Shown query={found} what="The DAGs can't be read">
        {({ dags }) => dags.length
          ? (
            <div className={css.picks} role="group" aria-label="DAGs">
              {dags.map((dag) => (
                <button key={dag.dag_id} type="button" onClick={() => onPick(dag.dag_id)}>
                  <span className="mono ellipsis">{dag.dag_id}</span>
                  <span className="space" />
                  {dag.is_paused && <Tag>paused</Tag>}
                  <span className="dim small ellipsis">{scheduleWords(dag.schedule_text)}</span>
                </button>
              ))}
            </div>
          )
          : <p className="mid">{sought ? `No DAG has “${sought}” in its name.` : "There is no DAG yet."}</p>}
      </Shown>
    </>
  );
}
