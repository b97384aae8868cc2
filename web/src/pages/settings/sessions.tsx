import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type Answer, api } from "@/api/client";
import { read, renew, useMe } from "@/api/queries";
import { Button } from "@/ui/controls";
import { Empty, Shown } from "@/ui/notes";
import { Card, CardBody, Tag } from "@/ui/surface";
import { toast } from "@/ui/toast";
import { Instant } from "@/ui/zone";

import { Confirm } from "./confirm";
import css from "./settings.module.css";

type Session = Answer<"/api/v2/sessions">["sessions"][number];

export function Sessions() {
  const list = useQuery(read("/api/v2/sessions", { query: { limit: 1000 } }));
  const mine = useMe()?.session_id;
  const [ending, setEnding] = useState<Session | null>(null);
  return (
    <Card title="Sessions" className={css.wide!} foot={<span>A session ends after a week, by logging out, or with its token</span>}>
      <CardBody label="Sessions">
        <Shown query={list} what="The sessions can't be listed">
          {({ sessions }) => sessions.length ? (
            <table className="list">
              <thead><tr><th>Token</th><th>Kind</th><th>From</th><th>Since</th><th>Ends</th><th><span className="hidden">End</span></th></tr></thead>
              <tbody>
                {sessions.map((session) => (
                  <tr key={session.id}>
                    <td><span className="row gap8"><span className="strong">{session.name ?? session.token_id}</span>{session.id === mine && <Tag>this one</Tag>}</span></td>
                    <td>{session.kind}</td>
                    <td className="mono">{session.remote}</td>
                    <td className="mid"><Instant at={session.created_at} /></td>
                    <td className="mid"><Instant at={session.expires_at} as="relative" /></td>
                    <td className="right"><Button small look="danger" onClick={() => setEnding(session)}>End</Button></td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : <Empty title="Nobody is logged in" command="millrace open" />}
        </Shown>
      </CardBody>
      {ending && (
        <Confirm
          title={`End the session of ${ending.name ?? ending.token_id}`} verb="End the session" icon="log_out" onClose={() => setEnding(null)}
          act={async () => {
            await api.delete("/api/v2/sessions/{session_id}", { path: { session_id: ending.id } });
            renew("/api/v2/sessions");
            toast("The session has ended");
          }}
        >
          <p>{ending.id === mine ? "It is your own: you will have to log in again." : `Whoever uses it from ${ending.remote} has to log in again. Its token stays.`}</p>
        </Confirm>
      )}
    </Card>
  );
}
