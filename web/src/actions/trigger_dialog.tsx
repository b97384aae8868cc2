import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";

import { api, ApiError } from "@/api/client";
import { confOf, faultsOf, paramsOf } from "@/model/params";
import { runPath } from "@/model/run_address";
import { apiTime, typedDate } from "@/model/typed_date";
import { Button, Field } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { ErrorNote, Shown } from "@/ui/notes";
import { TextArea } from "@/ui/text_area";
import { toast } from "@/ui/toast";
import { useGo } from "@/ui/url";
import { zoneLabel } from "@/ui/zone";

import css from "./actions.module.css";
import { DagPicker } from "./dag_picker";
import { ParamFields } from "./param_fields";
import { renewDag, useDagDetails } from "./runs";

interface Props {
  /** Without it the dialog asks which DAG first. */
  dagId?: string;
  onClose: () => void;
  /** After it: `page` goes to the run, `toast` stays and offers it. */
  then?: "page" | "toast";
}

interface Typed {
  params: Record<string, string>;
  date: string;
  note: string;
}

function TriggerForm({ dagId, onClose, then }: { dagId: string; onClose: () => void; then: "page" | "toast" }) {
  const details = useDagDetails(dagId);
  const dag = details.data;
  const zone = dag?.timezone ?? "UTC";
  const go = useGo();
  const form = useId();
  const [typed, setTyped] = useState<Typed>({ params: {}, date: "", note: "" });
  const params = paramsOf(dag?.params);
  const { conf, faults } = confOf(params, typed.params);
  const date = typed.date.trim() ? typedDate(typed.date, zone) : null;
  const dateFault = date && "fault" in date ? date.fault : null;
  const trigger = useMutation({
    mutationFn: () => api.post("/api/v2/dags/{dag_id}/dagRuns", {
      path: { dag_id: dagId },
      body: {
        conf: conf as Record<string, never>,
        ...(date && "exact" in date ? { logical_date: apiTime(date.exact[0]!) } : {}),
        ...(typed.note.trim() ? { note: typed.note.trim() } : {}),
      },
    }),
    onSuccess: (run) => {
      const path = runPath(dagId, run, zone);
      if (then === "toast") toast(`Asked for a run of ${dagId}`, { action: { label: "Open", act: () => go(path) } });
      renewDag(dagId);
      onClose();
      if (then === "page") go(path);
    },
  });
  const refused = trigger.error instanceof ApiError ? faultsOf(trigger.error.errors, "conf") : null;
  const placed = refused && Object.keys(refused.params).length > 0 && !refused.others.length;
  // The first field that is wrong may be out of sight.
  const element = useRef<HTMLFormElement>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (tries) element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [tries, trigger.error]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTries(tries + 1);
    if (!Object.keys(faults).length && !dateFault) trigger.mutate();
  };
  const change = (changes: Partial<Typed>) => {
    trigger.reset();
    setTyped({ ...typed, ...changes });
  };
  return (
    <Dialog
      title={`Trigger ${dagId}`} open onClose={onClose}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Cancel</Button>
          <Button look="primary" icon="play" type="submit" form={form} disabled={!dag || trigger.isPending}>{trigger.isPending ? "Asked…" : "Trigger"}</Button>
        </>
      }
    >
      <Shown query={details} what="This DAG can't be read">
        {() => (
          <form id={form} ref={element} className={css.form} onSubmit={submit} noValidate>
            {params.length > 0 && (
              <fieldset className={css.set}>
                <legend className={css.legend}>Params</legend>
                <ParamFields
                  params={params} texts={typed.params} faults={{ ...(tries ? faults : {}), ...refused?.params }}
                  onChange={(name, text) => {
                    const next = { ...typed.params };
                    if (text === null) delete next[name];
                    else next[name] = text;
                    change({ params: next });
                  }}
                />
              </fieldset>
            )}
            <Field
              label="Execution date" shown className={css.mono} placeholder="now" value={typed.date} unit={zoneLabel(zone)} error={dateFault}
              hint={`Empty: the moment of the click. A day is its midnight in ${zone}; a DAG has one run of each date.`}
              onChange={(next) => change({ date: next })}
            />
            <TextArea label="Note" shown rows={2} value={typed.note} onChange={(next) => change({ note: next })} />
            {trigger.error && !placed && <ErrorNote error={trigger.error} />}
          </form>
        )}
      </Shown>
    </Dialog>
  );
}

/** A run by hand, with the DAG's params as a form. */
export function TriggerDialog({ dagId, onClose, then = "page" }: Props) {
  const [picked, setPicked] = useState<string | null>(dagId ?? null);
  if (picked) return <TriggerForm dagId={picked} onClose={onClose} then={then} />;
  return <Dialog title="Trigger a run" open onClose={onClose}><DagPicker onPick={setPicked} /></Dialog>;
}
