import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useRef, useState } from "react";

import { type Answer, api, type Body } from "@/api/client";
import { read, renew, useMay, useSeesAll } from "@/api/queries";
import { Button, Field, IconButton } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { Empty, ErrorNote, Shown } from "@/ui/notes";
import { Pager } from "@/ui/pager";
import { useFilterKey, useSettled } from "@/ui/rows";
import { Card, CardBody } from "@/ui/surface";
import { TextArea } from "@/ui/text_area";
import { toast } from "@/ui/toast";
import { setQuery, useParam } from "@/ui/url";

import { Confirm } from "./confirm";
import css from "./settings.module.css";

type Variable = Answer<"/api/v2/variables">["variables"][number];
const LIMIT = 50;
const MASKED = "***";

/** `old`: what is edited; null: a new one. A value that the daemon masks is kept unless another is typed. */
function Edit({ old, onClose }: { old: Variable | null; onClose: () => void }) {
  const masked = old?.value === MASKED;
  const [key, setKey] = useState(old?.key ?? "");
  const [value, setValue] = useState(masked ? "" : (old?.value ?? ""));
  const [description, setDescription] = useState(old?.description ?? "");
  const id = useId();
  const save = useMutation({
    mutationFn: async () => {
      if (!old) return api.post("/api/v2/variables", { body: { key, value: value as never, description: description || null } });
      const body: Body<"/api/v2/variables/{variable_key}", "patch"> = { description: description || null };
      if (!masked || value) body.value = value as never;
      return api.patch("/api/v2/variables/{variable_key}", { path: { variable_key: old.key }, body });
    },
    onSuccess: () => {
      renew("/api/v2/variables");
      toast(`${old ? "Changed" : "Created"} ${key}`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key) save.mutate();
  };
  return (
    <Dialog
      title={old ? `Change ${old.key}` : "New variable"} open onClose={onClose}
      foot={<><Button look="ghost" onClick={onClose}>Cancel</Button><Button look="primary" type="submit" form={id} disabled={!key || save.isPending}>{old ? "Save" : "Create the variable"}</Button></>}
    >
      <form id={id} className={css.form} onSubmit={submit}>
        {!old && <Field label="Key" shown value={key} maxLength={250} placeholder="region" hint="A value under a name such as password or token is masked in every list." onChange={setKey} />}
        <TextArea label="Value" shown mono rows={4} value={value} placeholder={masked ? "kept as it is" : ""} onChange={setValue} />
        <Field label="Description" shown value={description} onChange={setDescription} />
        {save.error && <ErrorNote error={save.error} />}
      </form>
    </Dialog>
  );
}

/** Values by name that the daemon keeps for whoever asks its API: tasks too. */
export function Variables() {
  const [text] = useParam("q");
  const offset = Number(useParam("offset", "0")[0]) || 0;
  const asked = useSettled(text.trim());
  const all = useSeesAll();
  const query = { limit: LIMIT, offset, order_by: "key", ...(asked ? { variable_key_pattern: asked } : {}) };
  const list = useQuery({ ...read("/api/v2/variables", { query }), placeholderData: keepPreviousData, enabled: all === true, refetchInterval: 15_000 });
  const may = useMay("operator");
  const [editing, setEditing] = useState<{ old: Variable | null } | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useFilterKey(field);
  if (all === false) return <Empty title="Variables belong to all DAGs: your token, which is limited to some, doesn't see them" />;
  return (
    <Card
      title="Variables" className={css.wide!}
      tools={
        <>
          <Field label="Filter by key" placeholder="Filter by key" icon="filter" type="search" value={text} inputRef={field} className={css.filter!} onChange={(next) => setQuery({ q: next || null, offset: null })} />
          {may && <Button small icon="plus" onClick={() => setEditing({ old: null })}>New variable</Button>}
        </>
      }
      foot={list.data && <><span>Also by <span className="mono">millrace variables set region eu</span></span><span className="space" /><Pager offset={offset} limit={LIMIT} shown={list.data.variables.length} total={list.data.total_entries} onOffset={(next) => setQuery({ offset: next || null }, "push")} /></>}
    >
      <CardBody label="Variables">
        <Shown query={list} what="The variables can't be listed">
          {({ variables }) => variables.length ? (
            <table className="list">
              <thead><tr><th>Key</th><th>Value</th><th>Description</th><th><span className="hidden">Actions</span></th></tr></thead>
              <tbody>
                {variables.map((variable) => (
                  <tr key={variable.key} data-row={variable.key}>
                    <td className={`mono strong ${css.clip}`} title={variable.key}>{variable.key}</td>
                    <td className={`mono ${css.clip}`} title={variable.value === MASKED ? "masked" : variable.value}>{variable.value === MASKED ? <span className="dim">{MASKED}</span> : variable.value}</td>
                    <td className={`mid ${css.clip}`}>{variable.description}</td>
                    <td className="right">
                      {may && (
                        <span className={`row ${css.end}`}>
                          <IconButton icon="edit" size={14} label={`Change ${variable.key}`} onClick={() => setEditing({ old: variable })} />
                          <IconButton icon="trash" size={14} label={`Delete ${variable.key}`} onClick={() => setRemoving(variable.key)} />
                        </span>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : asked ? <Empty title={`No variable has “${asked}” in its key`}><Button small onClick={() => setQuery({ q: null, offset: null })}>Clear the filter</Button></Empty>
            : <Empty title="No variables yet" command="millrace variables set region eu" />}
        </Shown>
      </CardBody>
      {editing && <Edit old={editing.old} onClose={() => setEditing(null)} />}
      {removing !== null && (
        <Confirm
          title={`Delete ${removing}`} verb="Delete the variable" icon="trash" onClose={() => setRemoving(null)}
          act={async () => {
            await api.delete("/api/v2/variables/{variable_key}", { path: { variable_key: removing } });
            renew("/api/v2/variables");
            toast(`Deleted ${removing}`);
          }}
        >
          <p>Whoever asks for it finds nothing from then on. The audit log keeps what it was, unless its name made it a secret.</p>
        </Confirm>
      )}
    </Card>
  );
}
