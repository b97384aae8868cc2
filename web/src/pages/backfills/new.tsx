import { useMutation } from "@tanstack/react-query";
import { useMemo } from "react";
import { useSearch } from "wouter";
import { navigate } from "wouter/use-browser-location";

import { useDagDetails } from "@/actions/runs";
import { api, ApiError } from "@/api/client";
import { queries, useMay, useMe } from "@/api/queries";
import { backfillCommand } from "@/model/backfill_command";
import { type BackfillForm, type FormDag, formOf, placeFaults, readForm, searchOf } from "@/model/backfill_form";
import { movedWords } from "@/model/backfill_words";
import { paramsOf } from "@/model/params";
import { count, instant } from "@/model/time";
import { apiTime } from "@/model/typed_date";
import { Button } from "@/ui/controls";
import { ErrorNote, Loading } from "@/ui/notes";
import { Page, PageHead } from "@/ui/shell";
import { Card, Tag } from "@/ui/surface";
import { toast } from "@/ui/toast";
import { useGo } from "@/ui/url";
import { DagZoneProvider, useNow } from "@/ui/zone";

import { Cautions } from "./cautions";
import css from "./new.module.css";
import { PlanForm } from "./plan_form";
import { Figures, Preview } from "./preview";
import { usePreview, useSources } from "./use_plan";

/** Parameters of the page beside those of the form: how things are shown. */
const OTHERS = ["view", "year", "offset", "tz", "theme"];

/** The form lives in the URL: what a link says is what its sender saw. */
function useForm(): [BackfillForm, (changes: Partial<BackfillForm>) => void] {
  const search = useSearch();
  const form = useMemo(() => formOf(new URLSearchParams(search)), [search]);
  const change = (changes: Partial<BackfillForm>) => {
    const next = searchOf({ ...form, ...changes });
    const now = new URLSearchParams(location.search);
    for (const name of OTHERS) if (now.has(name) && name !== "offset") next.set(name, now.get(name)!);
    const text = next.toString();
    navigate(`${location.pathname}${text ? `?${text}` : ""}`, { replace: true, state: history.state });
  };
  return [form, change];
}

function Steps({ at }: { at: number }) {
  return (
    <ol className={css.steps} aria-label="Steps">
      {["Scope", "Behaviour", "Preview", "Start"].map((word, index) => (
        <li key={word} aria-current={index === at ? "step" : undefined} data-done={index < at}><i>{index + 1}</i>{word}</li>
      ))}
    </ol>
  );
}

/** What changed between the look and the start, in the API's words. The preview beside it is the new one already. */
function Moved({ error, zone }: { error: ApiError; zone: string }) {
  return (
    <div className={css.moved} role="alert">
      <b className="strong">Not started: {error.message}.</b>
      {error.errors.length > 0 && <ul className="mono">{error.errors.map((each) => <li key={each.msg}>{movedWords(each.msg, zone)}</li>)}</ul>}
      <span>The preview was made again. Look at it and start once more.</span>
    </div>
  );
}

/** What is missing before anything can be shown. */
function Wait({ form, faults }: { form: BackfillForm; faults: Record<string, string> }) {
  const wrong = Object.entries(faults).map(([field, fault]) => `${field.replace(/^p\./, "")} ${fault}`);
  return (
    <div className={css.wait}>
      <p>{!form.dag ? "Choose a DAG and its dates." : wrong.length ? "Something has to be put right first:" : "Say which dates, and what would happen to each of them is shown here."}</p>
      {wrong.map((text) => <p key={text} className="bad">{text}</p>)}
    </div>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied the command; it shows the same dry run and asks before it starts");
  } catch {
    toast(text);
  }
}

export default function NewBackfillPage() {
  const [form, change] = useForm();
  const details = useDagDetails(form.dag || null);
  const dag = details.data;
  const zone = dag?.timezone ?? "UTC";
  const may = useMay("operator");
  const role = useMe()?.role;
  const go = useGo();
  const now = useNow();
  const params = useMemo(() => paramsOf(dag?.params), [dag?.params]);
  const formDag: FormDag = { zone, params, start: instant(dag?.start_date), end: instant(dag?.end_date) };
  const { wish, faults } = readForm(form, formDag);
  const { shown: anyShown, error, refetch, isOld } = usePreview(dag ? wish : null);
  const shown = anyShown?.wish.dag_id === form.dag ? anyShown : undefined;
  const sources = useSources(form.dag, shown?.plan);
  const refused = error && error.status === 422 ? placeFaults(error.message, error.errors) : null;
  const start = useMutation({
    mutationFn: () => api.post("/api/v2/backfills", { body: { ...shown!.wish, revision: shown!.answer.revision } as never }),
    onSuccess: (made) => {
      toast(`Backfill ${made.id} of ${made.dag_id} is asked: ${count(shown!.plan.runs)} runs`);
      void queries.invalidateQueries({ queryKey: ["/api/v2/backfills"] });
      go(`/backfills/${made.id}`);
    },
    onError: () => void refetch(),
  });
  const runs = shown?.plan.runs ?? 0;
  const ready = Boolean(shown) && !isOld && !error;
  const known = shown?.plan.first && shown.plan.last && ready ? { from: apiTime(shown.plan.first), to: apiTime(shown.plan.last) } : null;
  const moved = start.error instanceof ApiError && start.error.code === "moved" ? start.error : null;
  return (
    <DagZoneProvider zone={dag?.timezone}>
      <Page crumbs={[{ label: "Backfills", href: "/backfills" }, ...(form.dag ? [{ label: form.dag, href: `/dags/${encodeURIComponent(form.dag)}` }] : []), { label: "New" }]}>
        <PageHead title="New backfill" about={<>{form.dag && <Tag>{form.dag}</Tag>}<Steps at={!form.dag ? 0 : !wish ? 0 : !ready ? 1 : start.isPending ? 3 : 2} /></>} />
        <div className={css.page}>
          <Card
            title="Plan" className={css.plan}
            tools={wish && <Button look="ghost" small icon="copy" onClick={() => void copy(backfillCommand(wish, zone, known))}>Copy as CLI</Button>}
          >
            <PlanForm
              form={form} dag={dag} params={params} zone={zone} answer={shown?.answer} faults={{ ...refused?.fields, ...faults }}
              change={(changes) => {
                start.reset();
                change(changes);
              }}
            />
            {moved && <div style={{ padding: "0 12px 12px" }}><Moved error={moved} zone={zone} /></div>}
            {start.error && !moved && <ErrorNote error={start.error} what="Not started" />}
            <div className={css.foot}>
              <Button look="ghost" onClick={() => (history.length > 1 ? history.back() : go("/backfills"))}>Cancel</Button>
              <span className="space" />
              {may
                ? <Button look="primary" disabled={!ready || runs === 0 || start.isPending} onClick={() => start.mutate()}>{start.isPending ? "Asked…" : runs ? `Start ${count(runs)} run${runs === 1 ? "" : "s"}` : "Start"}</Button>
                : <span className="dim small">Starting it needs the role operator{role ? `; yours is ${role}` : ""}</span>}
            </div>
          </Card>
          <div className={css.right}>
            <Figures shown={shown} isOld={isOld} reprocess={form.reprocess} />
            {details.error ? <Card label="Error"><ErrorNote error={details.error} what="This DAG can't be read" onRetry={() => void details.refetch()} /></Card>
              : error && (!refused || refused.others.length > 0) ? <Card title="Preview"><ErrorNote error={error} what="No preview" onRetry={() => void refetch()} /></Card>
              : shown ? <Preview shown={shown} zone={zone} isOld={isOld} />
              : <Card title="Preview">{wish ? <Loading lines={8} /> : <Wait form={form} faults={faults} />}</Card>}
            {shown && <Cautions plan={shown.plan} answer={shown.answer} zone={zone} now={now} isPaused={dag?.is_paused ?? false} reprocess={shown.wish.reprocess_behavior} sources={sources} />}
          </div>
        </div>
      </Page>
    </DagZoneProvider>
  );
}
