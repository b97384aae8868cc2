import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Fragment, memo, useRef, useState } from "react";

import { api } from "@/api/client";
import { read } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { type AuditRow, changesOf, touchedWords } from "@/model/audit";
import { count } from "@/model/time";
import { Button, Field } from "@/ui/controls";
import { Icon } from "@/ui/icon";
import { Empty, Shown } from "@/ui/notes";
import { useFilterKey, useSettled } from "@/ui/rows";
import { Card, Tag } from "@/ui/surface";
import { toastError } from "@/ui/toast";
import { setQuery, useKeptScroll, useParam } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./event_log.module.css";

const LIMIT = 50;

function Changes({ row }: { row: AuditRow }) {
  const { changes, leftOut } = changesOf(row);
  return (
    <div className={css.changes}>
      {changes.map((change, index) => (
        <section key={index}>
          <h3><span className="mono">{change.name}</span> <span className="dim">{change.how}</span></h3>
          {change.fields.length > 0 && (
            <dl>
              {change.fields.map(({ field, before, after }) => (
                <Fragment key={field}>
                  <dt className="dim">{field}</dt>
                  <dd className="mono">{before !== null && <del>{before}</del>}{before !== null && after !== null && " to "}{after !== null && <ins>{after}</ins>}</dd>
                </Fragment>
              ))}
            </dl>
          )}
        </section>
      ))}
      {leftOut > 0 && <p className="dim">and {count(leftOut)} more that aren't listed</p>}
      <p className="dim small mono">request {row.request_id} · from {row.remote} · token {row.token_id} · hash {row.hash.slice(0, 16)}</p>
    </div>
  );
}

const Row = memo(function Row({ row }: { row: AuditRow }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <tr data-row={row.audit_log_id}>
        <td>
          <button type="button" className={css.unfold} aria-expanded={open} aria-label={`Changes of ${row.method} ${row.path}`} onClick={() => setOpen(!open)}>
            <Icon name={open ? "chevron" : "chevron_right"} size={13} />
          </button>
        </td>
        <td className={`mid ${css.when}`}><Instant at={row.when} as="full" /></td>
        <td><span className="row gap6">{row.who}<Tag>{row.role}</Tag></span></td>
        <td className={`mono ${css.path}`} title={row.path}><span className="dim">{row.method}</span> {row.path}</td>
        <td className={`mid ${css.cause}`}>{touchedWords(row)}</td>
      </tr>
      {open && <tr className={css.more}><td colSpan={5}><Changes row={row} /></td></tr>}
    </>
  );
});

interface Verdict {
  text: string;
  good: boolean;
}

/** Follows the hash chain piece by piece: the daemon looks at 10,000 rows a time. */
async function verify(tell: (checked: number) => void): Promise<Verdict> {
  let checked = 0;
  let from: number | null = 0;
  let last: string | null = null;
  while (from !== null) {
    const verdict: Awaited<ReturnType<typeof api.get<"/api/v2/auditLogs/verify">>> = await api.get("/api/v2/auditLogs/verify", { query: { from: String(from) } });
    checked += verdict.checked;
    tell(checked);
    if (!verdict.valid) return { good: false, text: `The chain breaks at row ${verdict.broken_at}: ${verdict.problem}` };
    last = verdict.last_hash ?? last;
    from = verdict.next_from;
  }
  return { good: true, text: `${count(checked)} ${checked === 1 ? "row" : "rows"}, the chain holds; last hash ${last ?? "none"}` };
}

function VerifyButton() {
  const [state, setState] = useState<{ checking: number } | Verdict | null>(null);
  const checking = state !== null && "checking" in state;
  const run = async () => {
    setState({ checking: 0 });
    try {
      setState(await verify((checked) => setState({ checking: checked })));
    } catch (error) {
      setState(null);
      toastError(error, "The chain can't be followed");
    }
  };
  return (
    <>
      <span role="status" className={`small ellipsis ${state && "good" in state ? (state.good ? css.good : "bad") : "dim"}`} title={state && "text" in state ? state.text : ""}>
        {checking ? `${count(state.checking)} rows…` : (state?.text ?? "")}
      </span>
      <Button icon="check" disabled={checking} onClick={() => void run()}>Verify the chain</Button>
    </>
  );
}

/** Who changed what through the API: each row with what was before and after. For admins. */
export function Audit() {
  const [who] = useParam("who");
  const [before] = useParam("before");
  const asked = useSettled(who.trim());
  const query = { limit: LIMIT, ...(asked ? { who: asked } : {}), ...(before ? { before } : {}) };
  const list = useQuery({ ...read("/api/v2/auditLogs", { query }), placeholderData: keepPreviousData });
  useTopic(before ? null : "audit", () => renewSoon(1_000, "/api/v2/auditLogs"));
  const field = useRef<HTMLInputElement>(null);
  const body = useKeptScroll<HTMLDivElement>("audit");
  useFilterKey(field);
  const rows = list.data?.audit_logs ?? [];
  const oldest = rows.at(-1)?.audit_log_id;
  return (
    <>
      <div className={css.filters}>
        <Field label="Who" placeholder="Token, whole name" icon="filter" type="search" value={who} inputRef={field} className={css.field!} onChange={(next) => setQuery({ who: next || null, before: null })} />
        <span className="space" />
        <VerifyButton />
      </div>
      <Card
        label="Audit log"
        className={css.card!}
        foot={list.data && (
          <>
            <span>{count(list.data.total_entries)} {list.data.total_entries === 1 ? "row" : "rows"}; none can be changed or taken out</span>
            <span className="space" />
            {before && <Button small look="ghost" onClick={() => setQuery({ before: null }, "push")}>Newest</Button>}
            <Button small look="ghost" disabled={rows.length < LIMIT} onClick={() => setQuery({ before: oldest ?? null }, "push")}>Older</Button>
          </>
        )}
      >
        <div className={css.scroll} ref={body}>
          <Shown query={list} what="The audit log can't be read" lines={12}>
            {({ audit_logs }) => audit_logs.length ? (
              <table className={`list ${css.table}`}>
                <thead><tr><th className={css.fold}><span className="hidden">Changes</span></th><th>When</th><th>Who</th><th>Request</th><th>Changed</th></tr></thead>
                <tbody>{audit_logs.map((row) => <Row key={row.audit_log_id} row={row} />)}</tbody>
              </table>
            ) : <Empty title={who ? `Nothing was changed by ${who}` : "Nothing was changed yet"} />}
          </Shown>
        </div>
      </Card>
    </>
  );
}
