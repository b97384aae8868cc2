import { useEffect, useState } from "react";
import { Link } from "wouter";

import { type Answer, api } from "@/api/client";
import { renewDag } from "@/actions/runs";
import { queries } from "@/api/queries";
import { type Effect, type KnownDag, movedOn } from "@/model/submit_effect";
import { Button } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/notes";
import { at, link } from "@/ui/url";

import { effectWords } from "./plan";
import type { Validated } from "./use_validation";

export type Submitted = Answer<"/api/v2/dags", "post">;

interface Props {
  text: string;
  answer: Validated;
  effect: Effect;
  /** The version that was in force when the text was begun, and of which DAG. */
  base: number | null;
  edited: string;
  /** Asks anew what is in force. */
  again: () => Promise<KnownDag | null>;
  onClose: () => void;
  onDone: (submitted: Submitted) => void;
  /** What the daemon refused; true when the page shows it. */
  onRefused: (error: unknown) => boolean;
}

/** Says what Submit does, and what came meanwhile, before it does it. */
export function SubmitDialog({ text, answer, effect, base, edited, again, onClose, onDone, onRefused }: Props) {
  const [known, setKnown] = useState<KnownDag | null | undefined>(undefined);
  const [error, setError] = useState<unknown>(null);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    let gone = false;
    again().then((found) => {
      if (!gone) setKnown(found);
    }, (failed: unknown) => {
      if (!gone) setError(failed);
    });
    return () => {
      gone = true;
    };
    // Once: what is in force as the question is asked.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  const moved = known === undefined ? null : movedOn(base, answer.dag_id, edited, known);
  const submit = async () => {
    setAsking(true);
    setError(null);
    try {
      const done = await api.post("/api/v2/dags", { text: { type: "text/yaml", text } });
      renewDag(done.dag_id);
      void queries.invalidateQueries({ queryKey: ["/api/v2/ui/dags"] });
      onDone(done);
    } catch (failed) {
      if (onRefused(failed)) onClose();
      else setError(failed);
    }
    setAsking(false);
  };
  return (
    <Dialog
      title={`Submit ${answer.dag_id}`} open onClose={onClose}
      foot={<><Button onClick={onClose}>Cancel</Button><Button look={moved === null ? "primary" : "danger"} disabled={asking || known === undefined} onClick={() => void submit()}>{moved === null ? "Submit" : `Submit over v${moved}`}</Button></>}
    >
      <p>This {effectWords(known && "since" in effect ? { ...effect, since: known.version_number } : effect, answer.dag_id)}.</p>
      {moved !== null && (
        <p className="warn" role="alert">
          {base !== null && answer.dag_id === edited
            ? <>While you wrote, v{moved} came into force in place of v{base}. <Link href={link(at("dags", answer.dag_id, "code"), { v: moved, diff: base })} target="_blank" className="strong">See what changed</Link></>
            : <>There is a DAG of this name already, at v{moved}. <Link href={at("dags", answer.dag_id, "code")} target="_blank" className="strong">See its source</Link></>}
        </p>
      )}
      {effect.kind !== "new" && effect.kind !== "same" && <p className="mid">Runs that have begun keep the version that they began with; later ones take this one.</p>}
      {error !== null && <ErrorNote error={error} what="It wasn't submitted" />}
    </Dialog>
  );
}
