import { lazy, type RefObject, Suspense, useEffect, useRef, useState } from "react";
import { Link } from "wouter";

import type { Problem } from "@/model/dag_problems";
import type { Effect } from "@/model/submit_effect";
import { count } from "@/model/time";
import type { EditorHandle } from "@/ui/code/editor";
import { Button, Segments } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { useKeys } from "@/ui/keys";
import { useLeaveGuard } from "@/ui/leave_guard";
import { ErrorNote, Loading } from "@/ui/notes";
import { PageHead } from "@/ui/shell";
import { Card, Tag } from "@/ui/surface";
import { at, link } from "@/ui/url";
import { Instant } from "@/ui/zone";

import { type Draft, keepDraft, keptDraft } from "./drafts";
import { Plan, useEffectOf } from "./plan";
import { Problems } from "./problems";
import css from "./submit.module.css";
import { SubmitDialog, type Submitted } from "./submit_dialog";
import { problemsIn, useValidation, type Validated, type Verdict } from "./use_validation";

const Editor = lazy(() => import("@/ui/code/editor"));
const Diff = lazy(() => import("@/ui/code/diff"));
const NONE: readonly Problem[] = [];

export interface Base {
  /** "": a new DAG, which begins with an example. */
  dagId: string;
  text: string;
  /** The version whose text it is, and the one that is in force. */
  version: number | null;
  inForce: number | null;
}

/** The text with its draft: kept in the tab as it is written, gone once it is submitted or discarded. */
function useDraft(base: Base) {
  const [restored] = useState<Draft | null>(() => {
    const draft = keptDraft(base.dagId);
    return draft && draft.text !== base.text ? draft : null;
  });
  const [text, setText] = useState(restored?.text ?? base.text);
  const [clean, setClean] = useState({ text: base.text, version: base.version, inForce: restored ? restored.base : base.inForce });
  const dirty = text !== clean.text;
  useEffect(() => {
    const timer = setTimeout(() => keepDraft(base.dagId, dirty ? { text, base: clean.inForce, at: Date.now() } : null), 500);
    return () => clearTimeout(timer);
  }, [base.dagId, text, dirty, clean.inForce]);
  return { text, setText, dirty, clean, restored, submitted: (sent: string, version: number) => setClean({ text: sent, version, inForce: version }) };
}

function Verdicts({ verdict, checking, problems }: { verdict: Verdict | null; checking: boolean; problems: readonly Problem[] }) {
  const text = verdict === null || (checking && verdict.kind === "failed") ? "Checking…"
    : problems.length ? (problems.length === 1 ? "1 problem" : `${count(problems.length)} problems`)
    : verdict.kind === "valid" ? "Valid"
    : "Not checked";
  return (
    <span className={css.verdict} data-kind={problems.length ? "bad" : verdict?.kind === "valid" ? "good" : "none"} data-old={checking} role="status">
      <Icon name={problems.length ? "warning" : verdict?.kind === "valid" ? "check" : "clock"} size={14} />{text}
    </span>
  );
}

export function Workbench({ base }: { base: Base }) {
  const { text, setText, dirty, clean, restored, submitted } = useDraft(base);
  const { verdict, checking, last } = useValidation(text);
  const answer = verdict?.kind === "valid" ? verdict.answer : null;
  const { effect, again } = useEffectOf(answer);
  const [refused, setRefused] = useState<{ text: string; problems: Problem[] } | null>(null);
  // What was asked to be submitted, as it was then: asking anew what is in force must not take the question away.
  const [confirm, setConfirm] = useState<{ text: string; answer: Validated; effect: Effect } | null>(null);
  const [outcome, setOutcome] = useState<(Submitted & { before: number | null }) | null>(null);
  const [view, setView] = useState<"text" | "changes">("text");
  const editor = useRef<EditorHandle>(null);
  const guard = useLeaveGuard(dirty);
  // Wavy lines belong to the text that was checked: they stay until the next answer, the editor moves them along.
  const problems = refused?.text === text ? refused.problems : verdict?.kind === "invalid" ? verdict.problems : NONE;
  const may = answer !== null && !checking && effect !== null && effect.kind !== "folder" && problems.length === 0;
  // Who presses Ctrl S with the last letter is asked once that text is checked.
  const [wanted, setWanted] = useState<string | null>(null);
  const ask = () => {
    if (may) setConfirm({ text, answer, effect });
    else if (checking) setWanted(text);
  };
  const settled = !checking && (answer === null || effect !== null);
  if (wanted !== null && (settled || wanted !== text)) {
    setWanted(null);
    if (wanted === text && may) setConfirm({ text, answer, effect });
  }
  useKeys([{ keys: "$mod+s", says: "Submit", act: ask }]);
  const changes = view === "changes" && clean.version !== null;
  return (
    <>
      <PageHead title={base.dagId ? `Edit ${base.dagId}` : "Submit a DAG"} about={<>{clean.version !== null && <Tag>from v{clean.version}</Tag>}<Verdicts verdict={verdict} checking={checking} problems={problems} />{dirty && <span className="dim nowrap">not submitted</span>}</>}>
        {clean.version !== null && <Segments label="Show" value={view} options={[{ value: "text", label: "Text" }, { value: "changes", label: "Changes" }]} onChange={setView} />}
        <Button look="primary" icon="up" disabled={!may} aria-keyshortcuts="Control+S" onClick={ask}>Submit</Button>
      </PageHead>
      <Notices effect={effect?.kind ?? null} file={effect?.kind === "folder" ? effect.file : ""} restored={restored} outcome={outcome} editor={editor} base={base} text={text} />
      <div className={css.panes}>
        <div className={css.left}>
          <Card
            label={changes ? "What you changed" : "Text of the DAG file"}
            foot={changes ? <span>v{clean.version} is what is taken away, your text is what would be there</span> : <><span><kbd>Ctrl S</kbd> submits</span><span><kbd>Tab</kbd> indents, <kbd>Esc</kbd> then <kbd>Tab</kbd> leaves the text</span></>}
            className={css.editor!}
          >
            <div className={css.code} data-hidden={changes}>
              <Suspense fallback={<Loading lines={14} />}>
                <Editor handle={editor} text={text} label={`Text of ${base.dagId || "the new DAG"}. Tab indents; press Escape, then Tab to leave. Control S submits, F8 goes to the next problem.`} problems={problems} onChange={setText} onSave={ask} />
              </Suspense>
            </div>
            {changes && <div className={css.code}><Suspense fallback={<Loading lines={14} />}><Diff before={clean.text} after={text} names={[`v${clean.version}`, "Your text"]} /></Suspense></div>}
          </Card>
          {problems.length > 0 && <Problems problems={problems} onGo={(problem) => {
            setView("text");
            editor.current?.goTo(problem.from);
          }} />}
          {verdict?.kind === "failed" && !checking && <Card label="The text isn't checked"><ErrorNote error={verdict.error} what="The text can't be checked" /></Card>}
        </div>
        <Plan answer={last} current={answer !== null && !checking} verdict={verdict} effect={answer && problems.length === 0 ? effect : null} edited={base.dagId} />
      </div>
      {confirm && (
        <SubmitDialog
          {...confirm} base={clean.inForce} edited={base.dagId} again={again} onClose={() => setConfirm(null)}
          onDone={(done) => {
            setConfirm(null);
            setOutcome({ ...done, before: clean.inForce });
            submitted(confirm.text, done.version_number);
          }}
          onRefused={(error) => {
            const found = problemsIn(error, confirm.text);
            if (found) setRefused({ text: confirm.text, problems: found });
            return found !== null;
          }}
        />
      )}
      <Dialog
        title="Leave without submitting?" open={guard.asking !== null} onClose={guard.stay}
        foot={<><Button onClick={guard.stay}>Stay</Button><Button look="danger" onClick={guard.leave}>Leave</Button></>}
      >
        <p>Your text isn't submitted. This tab keeps it: it is here again when you come back to this page.</p>
      </Dialog>
    </>
  );
}

interface NoticesProps {
  effect: string | null;
  file: string;
  restored: Draft | null;
  outcome: (Submitted & { before: number | null }) | null;
  editor: RefObject<EditorHandle | null>;
  base: Base;
  text: string;
}

/** What to know before writing on: one line each. */
function Notices({ effect, file, restored, outcome, editor, base, text }: NoticesProps) {
  return (
    <>
      {outcome && (
        <p className={css.notice} data-kind="good" role="status">
          <Icon name="check" size={15} />
          <span>{outcome.changed ? <>v{outcome.version_number} of <b className="strong">{outcome.dag_id}</b> is in force.</> : <>Nothing changed: v{outcome.version_number} of <b className="strong">{outcome.dag_id}</b> says the same.</>}{outcome.is_paused && " It is paused: it has no scheduled runs until it is unpaused."}</span>
          <Link href={at("dags", outcome.dag_id)}>Open the DAG</Link>
          {outcome.changed && outcome.before !== null && outcome.before !== outcome.version_number && <Link href={link(at("dags", outcome.dag_id, "code"), { v: outcome.version_number, diff: outcome.before })}>See what changed</Link>}
        </p>
      )}
      {effect === "folder" && (
        <p className={css.notice}>
          <Icon name="warning" size={15} />
          <span>This DAG is defined by <code className="mono">{file}</code> of the DAG folder: write and check the text here, then save it to that file. Submit would be refused.</span>
          <Button small icon="copy" onClick={() => void navigator.clipboard.writeText(text)}>Copy the text</Button>
        </p>
      )}
      {restored && text !== base.text && !outcome && (
        <p className={css.notice}>
          <Icon name="backfills" size={15} />
          <span>Your text of <Instant at={restored.at} /> is here again.</span>
          <Button small onClick={() => editor.current?.replace(base.text)}>Discard it</Button>
        </p>
      )}
    </>
  );
}
