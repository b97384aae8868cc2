import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";

import { type Answer, api } from "@/api/client";
import { read, renew, useMe } from "@/api/queries";
import { canBeLimited, LIFETIMES, ROLE_WORDS, ROLES, type Role, type TokenForm, tokenFaults, tokenWish } from "@/model/tokens";
import { Button, Choice, Field } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { Empty, ErrorNote, Shown } from "@/ui/notes";
import { Card, CardBody, Tag } from "@/ui/surface";
import { toast } from "@/ui/toast";
import { Instant } from "@/ui/zone";

import { Confirm } from "./confirm";
import css from "./settings.module.css";

type Token = Answer<"/api/v2/tokens">["tokens"][number];

/** The secret is in no other answer of the daemon, ever: it stays until the reader says that it is kept. */
function Secret({ name, secret, onClose }: { name: string; secret: string; onClose: () => void }) {
  return (
    <Dialog title={`The secret of ${name}`} open onClose={onClose} foot={<Button look="primary" onClick={onClose}>I have it</Button>}>
      <p>It is shown this once. Only its digest is kept.</p>
      <div className={css.secret}>
        <code className="mono">{secret}</code>
        <Button icon="copy" onClick={() => void navigator.clipboard.writeText(secret).then(() => toast(`Copied the secret of ${name}`))}>Copy</Button>
      </div>
    </Dialog>
  );
}

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (name: string, secret: string) => void }) {
  const [form, setForm] = useState<TokenForm>({ name: "", role: "viewer", dags: "", lifetime: "7776000" });
  const [tried, setTried] = useState(false);
  const id = useId();
  const faults = tokenFaults(form);
  const change = (changes: Partial<TokenForm>) => setForm({ ...form, ...changes });
  const make = useMutation({
    mutationFn: () => api.post("/api/v2/tokens", { body: tokenWish(form) }),
    onSuccess: (made) => {
      renew("/api/v2/tokens");
      onMade(made.name, made.token);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!Object.keys(faults).length) make.mutate();
  };
  return (
    <Dialog
      title="New token" open onClose={onClose}
      foot={<><Button look="ghost" onClick={onClose}>Cancel</Button><Button look="primary" type="submit" form={id} disabled={make.isPending}>Create the token</Button></>}
    >
      <form id={id} className={css.form} onSubmit={submit}>
        <Field label="Name" shown value={form.name} placeholder="ci" error={tried ? faults.name : null} hint="Who it is in the event log and the audit log." onChange={(name) => change({ name })} />
        <Choice label="Role" shown value={form.role} hint={ROLE_WORDS[form.role]} options={ROLES.map((role) => ({ value: role, label: role }))} onChange={(role) => change({ role: role as Role })} />
        {canBeLimited(form.role) && <Field label="DAGs" shown value={form.dags} placeholder="all" error={tried ? faults.dags : null} hint="Patterns such as flights_*; the other DAGs aren't there for it." onChange={(dags) => change({ dags })} />}
        <Choice label="Valid for" shown value={form.lifetime} options={LIFETIMES} onChange={(lifetime) => change({ lifetime })} />
        {make.error && <ErrorNote error={make.error} />}
      </form>
    </Dialog>
  );
}

export function Tokens() {
  const list = useQuery(read("/api/v2/tokens", { query: { limit: 1000 } }));
  const mine = useMe()?.token_id;
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<{ name: string; secret: string } | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  return (
    <Card
      title="Tokens" className={css.wide!} tools={<Button small icon="plus" onClick={() => setMaking(true)}>New token</Button>}
      foot={<span>Also by <span className="mono">millrace tokens create ci --role operator</span></span>}
    >
      <CardBody label="Tokens">
        <Shown query={list} what="The tokens can't be listed">
          {({ tokens }) => tokens.length ? (
            <table className="list">
              <thead><tr><th>Name</th><th>Role</th><th>DAGs</th><th>Made</th><th>Ends</th><th>Last used</th><th><span className="hidden">Revoke</span></th></tr></thead>
              <tbody>
                {tokens.map((token) => (
                  <tr key={token.id}>
                    <td><span className="row gap8"><span className="strong">{token.name}</span>{token.id === mine && <Tag>you</Tag>}</span></td>
                    <td>{token.role}</td>
                    <td className={`mono ${css.clip}`} title={token.scope.dags.join(", ")}>{token.scope.dags.join(", ") || <span className="dim">all</span>}</td>
                    <td className="mid">{token.created_at ? <><Instant at={token.created_at} /> by {token.created_by}</> : token.created_by}</td>
                    <td className="mid">{token.expires_at ? <Instant at={token.expires_at} as="relative" /> : <span className="dim">never</span>}</td>
                    <td className="mid">{token.last_used_at ? <Instant at={token.last_used_at} as="relative" /> : <span className="dim">never</span>}</td>
                    <td className="right">{token.source === "store" ? <Button small look="danger" onClick={() => setRevoking(token)}>Revoke</Button> : <span className="dim small" title="It stands in a file of the data folder">by file</span>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : <Empty title="No tokens" />}
        </Shown>
      </CardBody>
      {making && <NewToken onClose={() => setMaking(false)} onMade={(name, secret) => {
        setMaking(false);
        setMade({ name, secret });
      }} />}
      {made && <Secret name={made.name} secret={made.secret} onClose={() => setMade(null)} />}
      {revoking && (
        <Confirm
          title={`Revoke ${revoking.name}`} verb="Revoke the token" icon="ban" onClose={() => setRevoking(null)}
          act={async () => {
            await api.delete("/api/v2/tokens/{token_id}", { path: { token_id: revoking.id } });
            renew("/api/v2/tokens", "/api/v2/sessions");
            toast(`Revoked ${revoking.name}`);
          }}
        >
          <p>It stops working at once, with its sessions and open streams. It can't be taken back: make a new one instead.</p>
          {revoking.id === mine && <p className="bad">It is the token that you are here with.</p>}
        </Confirm>
      )}
    </Card>
  );
}
