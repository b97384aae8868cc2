import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import type { Manifest } from "@/model/compare";
import { Segments } from "@/ui/controls";
import { useNarrow } from "@/ui/narrow";
import { Empty, Loading, Shown } from "@/ui/notes";
import { Card } from "@/ui/surface";
import { at, link, useParam } from "@/ui/url";

import css from "./compare.module.css";

// The editor is large: it comes where there are two versions to compare.
const DiffView = lazy(() => import("@/ui/code/diff"));

function useSource(dagId: string, number: number, enabled: boolean) {
  return useQuery({ ...read("/api/v2/dagSources/{dag_id}", { path: { dag_id: dagId }, query: { version_number: number } }), enabled, staleTime: Infinity });
}

/** The file of the one version and of the other, where the runs had two. */
export function CodeCard({ a, b }: { a: Manifest; b: Manifest }) {
  const [asked, setView] = useParam("diff", "unified");
  const phone = useNarrow();
  const two = a.dag_id === b.dag_id && a.dag_version.hash !== b.dag_version.hash;
  const before = useSource(a.dag_id, a.dag_version.number, two);
  const after = useSource(b.dag_id, b.dag_version.number, two);
  const [from, to] = [`v${a.dag_version.number}`, `v${b.dag_version.number}`];
  if (!two) {
    const text = a.dag_id === b.dag_id
      ? `Both had ${from} of ${a.dag_id}, ${a.dag_version.hash.slice(0, 7)}: no line of its file differs.`
      : "Two DAGs: their files aren't versions of one another.";
    return <Card title="Code" className={css.card!}><Empty title={text}><Link href={link(at("dags", b.dag_id, "code"), { v: b.dag_version.number })} className={css.words}>Read the file of {b.dag_id}</Link></Empty></Card>;
  }
  return (
    <Card
      title={`Code ${from} to ${to}`}
      about={<Link href={link(at("dags", b.dag_id, "code"), { v: b.dag_version.number, diff: a.dag_version.number })} className={`dim ellipsis ${css.words}`}>all versions of {b.dag_id}</Link>}
      tools={!phone && <Segments label="Shown" value={asked === "split" ? "split" : "unified"} options={[{ value: "unified", label: "Unified" }, { value: "split", label: "Split" }]} onChange={setView} />}
      className={css.card!}
    >
      <Shown query={before} what={`${from} can't be read`}>
        {(old) => (
          <Shown query={after} what={`${to} can't be read`}>
            {(now) => <div className={css.code}><Suspense fallback={<Loading />}><DiffView before={old.content} after={now.content} names={[from, to]} split={!phone && asked === "split"} /></Suspense></div>}
          </Shown>
        )}
      </Shown>
    </Card>
  );
}
