import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import type { Manifest } from "@/model/compare";
import { changesOf, type DiffLine, foldSame, inPairs, lineDiff } from "@/model/line_diff";
import { count } from "@/model/time";
import { Segments } from "@/ui/controls";
import { useNarrow } from "@/ui/narrow";
import { Empty, Shown } from "@/ui/notes";
import { Card, CardBody } from "@/ui/surface";
import { at, link, useParam } from "@/ui/url";

import css from "./code.module.css";

const AROUND = 4;
const SIGN = { same: "", gone: "−", new: "+", folded: "" } as const;

function Unified({ lines }: { lines: readonly DiffLine[] }) {
  return (
    <table className={css.code}>
      <tbody>
        {lines.map((line, index) => line.kind === "folded"
          ? <tr key={index} className={css.folded}><td colSpan={4}>{count(line.count)} lines are the same</td></tr>
          : (
            <tr key={index} data-kind={line.kind}>
              <td className={css.number}>{"a" in line ? line.a : ""}</td><td className={css.number}>{"b" in line ? line.b : ""}</td>
              <td className={css.sign}>{SIGN[line.kind]}</td><td className={css.text}>{line.text}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function Half({ line, side }: { line: DiffLine | null; side: "a" | "b" }) {
  if (!line || line.kind === "folded") return <td colSpan={2} className={css.text} data-kind="none">{" "}</td>;
  const number = (line as { a?: number; b?: number })[side];
  return <><td className={css.number} data-kind={line.kind}>{number}</td><td className={css.text} data-kind={line.kind}>{line.text}</td></>;
}

function Split({ lines }: { lines: readonly DiffLine[] }) {
  return (
    <table className={`${css.code} ${css.split}`}>
      <colgroup><col className={css.number} /><col /><col className={css.number} /><col /></colgroup>
      <tbody>
        {inPairs(lines).map(([left, right], index) => left?.kind === "folded"
          ? <tr key={index} className={css.folded}><td colSpan={4}>{count(left.count)} lines are the same</td></tr>
          : <tr key={index}><Half line={left} side="a" /><Half line={right} side="b" /></tr>)}
      </tbody>
    </table>
  );
}

function useSource(dagId: string, number: number, enabled: boolean) {
  return useQuery({ ...read("/api/v2/dagSources/{dag_id}", { path: { dag_id: dagId }, query: { version_number: number } }), enabled, staleTime: Infinity });
}

/** The file of the one version and of the other, where the runs had two. */
export function CodeCard({ a, b }: { a: Manifest; b: Manifest }) {
  const [asked, setView] = useParam("diff", "unified");
  const phone = useNarrow();
  const view = phone ? "unified" : asked;
  const two = a.dag_id === b.dag_id && a.dag_version.hash !== b.dag_version.hash;
  const before = useSource(a.dag_id, a.dag_version.number, two);
  const after = useSource(b.dag_id, b.dag_version.number, two);
  const lines = useMemo(() => (before.data && after.data ? lineDiff(before.data.content, after.data.content) : []), [before.data, after.data]);
  const { added, gone } = changesOf(lines);
  const names = `v${a.dag_version.number} → v${b.dag_version.number}`;
  if (!two) {
    const text = a.dag_id === b.dag_id
      ? `Both had v${a.dag_version.number} of ${a.dag_id}, ${a.dag_version.hash.slice(0, 7)}: no line of its file differs.`
      : "Two DAGs: their files aren't versions of one another.";
    return <Card title="Code" className={css.card!}><Empty title={text}><Link href={link(at("dags", b.dag_id, "code"), { v: b.dag_version.number })} className={css.link}>Read the file of {b.dag_id}</Link></Empty></Card>;
  }
  return (
    <Card
      title={`Code ${names}`}
      about={<Link href={link(at("dags", b.dag_id, "code"), { v: b.dag_version.number, diff: a.dag_version.number })} className={`dim ellipsis ${css.link}`}>{b.dag_id}</Link>}
      tools={
        <>
          <span className={css.counts}><span className={css.plus}>+{count(added)}</span><span className={css.minus}>−{count(gone)}</span></span>
          {!phone && <Segments label="Shown" value={view === "split" ? "split" : "unified"} options={[{ value: "unified", label: "Unified" }, { value: "split", label: "Split" }]} onChange={setView} />}
        </>
      }
      className={css.card!}
    >
      <Shown query={before} what={`v${a.dag_version.number} can't be read`}>
        {() => (
          <Shown query={after} what={`v${b.dag_version.number} can't be read`}>
            {() => <CardBody label={`Code ${names}`} className={css.body!}>{view === "split" ? <Split lines={foldSame(lines, AROUND)} /> : <Unified lines={foldSame(lines, AROUND)} />}</CardBody>}
          </Shown>
        )}
      </Shown>
    </Card>
  );
}
