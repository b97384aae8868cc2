import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";

import { api, ApiError } from "@/api/client";
import { renew } from "@/api/queries";
import { count } from "@/model/time";
import { Button, Field } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/notes";
import { toast } from "@/ui/toast";

import type { Pool } from "./live";

const BUILT_IN = ["cpu", "gpu"];

/** What the API says of one field; the others of its words stand below the form. */
function faultOf(error: unknown, field: string): string | null {
  return error instanceof ApiError ? (error.errors.find((fault) => fault.loc?.at(-1) === field)?.msg ?? null) : null;
}

/** A new pool, or without one that is given: its slots, its description, and its end. */
export function PoolDialog({ pool, onClose }: { pool: Pool | null; onClose: () => void }) {
  const form = useId();
  const [name, setName] = useState(pool?.name ?? "");
  const [slots, setSlots] = useState(String(pool?.slots ?? 1));
  const [description, setDescription] = useState(pool?.description ?? "");
  const [removing, setRemoving] = useState(false);
  const number = /^\d+$/.test(slots.trim()) ? Number(slots) : null;
  const done = (text: string) => {
    renew("/api/v2/pools", "/api/v2/ui/queue");
    toast(text);
    onClose();
  };
  const save = useMutation({
    mutationFn: () => pool
      ? api.patch("/api/v2/pools/{pool_name}", { path: { pool_name: pool.name }, body: { slots: number, description } })
      : api.post("/api/v2/pools", { body: { name: name.trim(), slots: number ?? 0, description } }),
    onSuccess: (made) => done(`Pool ${made.name} has ${count(made.slots)} ${made.slots === 1 ? "slot" : "slots"}`),
  });
  const remove = useMutation({
    mutationFn: () => api.delete("/api/v2/pools/{pool_name}", { path: { pool_name: pool!.name } }),
    onSuccess: () => done(`Pool ${pool!.name} is gone`),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (number !== null && !save.isPending) save.mutate();
  };
  if (pool && removing) {
    const using = pool.occupied_slots + pool.scheduled_slots;
    return (
      <Dialog
        title={`Delete pool ${pool.name}`} open onClose={onClose}
        foot={
          <>
            <Button look="ghost" onClick={() => setRemoving(false)}>Keep it</Button>
            <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>{remove.isPending ? "Deleting…" : "Delete the pool"}</Button>
          </>
        }
      >
        <p>
          {using > 0 ? `${count(pool.occupied_slots)} of its slots are taken and ${count(pool.scheduled_slots)} are waited for. ` : "Nothing uses it now. "}
          What runs in it runs on. Tasks that name it wait until there is a pool of that name again.
        </p>
        {remove.error && <ErrorNote error={remove.error} />}
      </Dialog>
    );
  }
  const taken = pool?.occupied_slots ?? 0;
  const general = save.error && !["name", "slots", "description"].some((field) => faultOf(save.error, field));
  return (
    <Dialog
      title={pool ? `Pool ${pool.name}` : "New pool"} open onClose={onClose}
      foot={
        <>
          {pool && !BUILT_IN.includes(pool.name) && <><Button look="danger" icon="trash" onClick={() => setRemoving(true)}>Delete…</Button><span className="space" /></>}
          <Button look="ghost" onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={form} disabled={number === null || (!pool && !name.trim()) || save.isPending}>{save.isPending ? "Asked…" : pool ? "Save" : "Create the pool"}</Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} style={{ display: "contents" }}>
        {!pool && <Field label="Name" shown value={name} onChange={setName} error={faultOf(save.error, "name")} hint="What tasks write after pool: in their DAG's file." />}
        <Field
          label="Slots" shown inputMode="numeric" value={slots} onChange={setSlots} error={number === null ? "A whole number from 0 on" : faultOf(save.error, "slots")}
          hint={number !== null && number < taken ? `${count(taken)} are taken now: they run on, and nothing starts until fewer are.` : "How many tasks of it may run at the same time. 0 holds all of them."}
        />
        <Field label="Description" shown value={description} onChange={setDescription} error={faultOf(save.error, "description")} />
      </form>
      {general && <ErrorNote error={save.error} />}
    </Dialog>
  );
}
