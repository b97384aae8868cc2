import type { ReactNode } from "react";

import { useMe } from "@/api/queries";
import type { ZoneChoice } from "@/model/time";
import { Button, Segments, Switch } from "@/ui/controls";
import { setPreferences, usePreferences } from "@/ui/preferences";
import { Card, Tag } from "@/ui/surface";
import { setTheme, type Theme, useTheme } from "@/ui/theme";
import { browserZone, zoneLabel } from "@/ui/zone";

import css from "./settings.module.css";

function Setting({ name, about, children }: { name: string; about: string; children: ReactNode }) {
  return (
    <div className={css.setting}>
      <div><p className="strong">{name}</p><p className="dim small">{about}</p></div>
      {children}
    </div>
  );
}

function Me() {
  const me = useMe();
  if (!me) return null;
  const dags = me.scope.dags;
  return (
    <Card title="You" className={css.card!}>
      <div className={css.setting}>
        <div>
          <p className="strong row gap8">{me.name}<Tag>{me.role}</Tag></p>
          <p className="dim small">{dags.length ? `sees ${dags.join(", ")} alone` : "sees all DAGs"} · token <span className="mono">{me.token_id}</span></p>
        </div>
        {me.session_id
          // A form and not a fetch: the answer leads to the login page and takes the cookie away.
          ? <form method="post" action="/logout"><Button type="submit" icon="log_out">Log out</Button></form>
          : <span className="dim small">by a token, without a session</span>}
      </div>
    </Card>
  );
}

/** What belongs to this browser, and who it is to the daemon. */
export function General() {
  const { zone, dense, letters } = usePreferences();
  const look = useTheme();
  return (
    <>
      <Me />
      <Card title="This browser" className={css.card!}>
        <Setting name="Zone of instants" about="When something happened. Execution dates stay in the zone of their DAG.">
          <Segments
            label="Zone of instants" value={zone} onChange={(next: ZoneChoice) => setPreferences({ zone: next })}
            options={[{ value: "UTC", label: "UTC" }, { value: "browser", label: `Browser: ${zoneLabel(browserZone())}` }, { value: "dag", label: "The DAG's" }]}
          />
        </Setting>
        <Setting name="Theme" about="The palette of states tells them apart for every kind of colour vision, in both.">
          <Segments label="Theme" value={look} options={[{ value: "dark", label: "Dark" }, { value: "light", label: "Light" }]} onChange={(next: Theme) => setTheme(next)} />
        </Setting>
        <Setting name="Rows of tables" about="Compact rows show more of a list at a time.">
          <Segments label="Rows of tables" value={dense ? "compact" : "regular"} options={[{ value: "regular", label: "Regular" }, { value: "compact", label: "Compact" }]} onChange={(next) => setPreferences({ dense: next === "compact" })} />
        </Setting>
        <Setting name="Single letters as commands" about="J and K in lists, T to trigger, / to filter and others; ? shows all. Off: only keys with Ctrl or Command act.">
          <Switch label="Single letters as commands" on={letters} onChange={(on) => setPreferences({ letters: on })} />
        </Setting>
      </Card>
    </>
  );
}
