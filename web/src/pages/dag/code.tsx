import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import { Link } from "wouter";

import { read, useMay } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { beforeOf, chosenVersions, type VersionRow, versionRows } from "@/model/dag_versions";
import { count } from "@/model/time";
import { useLineHash } from "@/ui/code/line_hash";
import { Choice, IconButton, Segments } from "@/ui/controls";
import { Icon } from "@/ui/icon";
import { useNarrow } from "@/ui/narrow";
import { Loading, Shown } from "@/ui/notes";
import { Card, CardBody, Tag } from "@/ui/surface";
import { toast, toastError } from "@/ui/toast";
import { at, link, setQuery, useParam } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./code.module.css";
import { Structure } from "./code_structure";
import type { DagDetails, DagTab } from "./index";

const Source = lazy(() => import("@/ui/code/source"));
const Diff = lazy(() => import("@/ui/code/diff"));

function useVersions(dag: DagDetails) {
  const path = { dag_id: dag.dag_id };
  const versions = useQuery(read("/api/v2/dags/{dag_id}/dagVersions", { path, query: { limit: 1000, order_by: "-version_number" } }));
  // Who: a line of the record for each time that a version was put in force.
  const events = useQuery({ ...read("/api/v2/eventLogs", { query: { dag_id: dag.dag_id, event: "dag", limit: 1000 } }), staleTime: 60_000 });
  const rows = useMemo(
    () => versions.data && versionRows(versions.data.dag_versions, events.data?.event_logs ?? [], dag.version_number),
    [versions.data, events.data, dag.version_number],
  );
  return { ...versions, data: rows };
}

function useSource(dagId: string, version: number | null) {
  return useQuery({
    ...read("/api/v2/dagSources/{dag_id}", { path: { dag_id: dagId }, query: { version_number: version ?? 1 } }),
    // A version never changes.
    enabled: version !== null, staleTime: Infinity,
  });
}

export default function CodeTab({ dag }: DagTab) {
  const versions = useVersions(dag);
  useTopic(`dag:${dag.dag_id}`, (events) => {
    if (events.some(({ type }) => type === "dag" || type === "reset")) renewSoon(1_000, "/api/v2/dags/{dag_id}/dagVersions", "/api/v2/eventLogs");
  });
  return (
    <Shown query={versions} what="The versions can't be listed" lines={6}>
      {(rows) => <Code dag={dag} rows={rows} />}
    </Shown>
  );
}

function Code({ dag, rows }: { dag: DagDetails; rows: VersionRow[] }) {
  const [v] = useParam("v");
  const [diff] = useParam("diff");
  const numbers = useMemo(() => rows.map((row) => row.number), [rows]);
  const { version, against } = chosenVersions(v, diff, numbers, dag.version_number);
  const narrow = useNarrow();
  const row = rows.find((each) => each.number === version);
  return (
    <div className={css.panes}>
      {!narrow && (
        <Card title="Versions" about={<Tag>{count(rows.length)}</Tag>} className={css.versions!}>
          <CardBody label="List of versions"><Versions dag={dag} rows={rows} version={version} against={against} /></CardBody>
        </Card>
      )}
      <div className={css.main}>
        {against !== null && <Structure dagId={dag.dag_id} from={against} to={version} />}
        <Text dag={dag} rows={rows} row={row} version={version} against={against} numbers={numbers} />
      </div>
    </div>
  );
}

interface Pick {
  dag: DagDetails;
  rows: VersionRow[];
  version: number;
  against: number | null;
}

/** A link for each version; what the shown one is compared with has a sign. */
function Versions({ dag, rows, version, against }: Pick) {
  const here = at("dags", dag.dag_id, "code");
  return (
    <ul className={css.list}>
      {rows.map((row) => (
        <li key={row.number} aria-current={row.number === version ? "true" : undefined}>
          <Link href={link(here, { v: row.number === dag.version_number && against === null ? null : row.number, diff: against === row.number ? null : against })} className={css.version}>
            <span className="row gap6"><b className="strong">v{row.number}</b>{row.current && <Tag>in force</Tag>}{row.number === against && <Tag>compared</Tag>}</span>
            <span className="dim small ellipsis"><Instant at={row.createdAt} />{row.by && ` by ${row.by}`}</span>
          </Link>
          {row.number !== version && row.number !== against && (
            <IconButton icon="compare" size={14} label={`Compare v${version} with v${row.number}`} onClick={() => setQuery({ v: version, diff: row.number }, "push")} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Runs({ dag, version }: { dag: DagDetails; version: number }) {
  const runs = useQuery({ ...read("/api/v2/dags/{dag_id}/dagRuns", { path: { dag_id: dag.dag_id }, query: { dag_version: [version], limit: 0 } }), staleTime: 30_000 }).data;
  if (!runs) return null;
  const number = runs.total_entries ?? 0;
  if (number === 0) return <span className="dim nowrap">no runs</span>;
  return <Link href={link(at("dags", dag.dag_id, "runs"), { version })} className="mid nowrap">{runs.total_is_lower_bound ? "more than " : ""}{number === 1 ? "1 run" : `${count(number)} runs`}</Link>;
}

interface TextProps extends Pick {
  row: VersionRow | undefined;
  numbers: number[];
}

function Text({ dag, rows, row, version, against, numbers }: TextProps) {
  const may = useMay("author");
  const narrow = useNarrow();
  const now = useSource(dag.dag_id, version);
  const before = useSource(dag.dag_id, against);
  const [lines, setLines] = useLineHash();
  const older = beforeOf(version, numbers) ?? numbers.find((number) => number !== version) ?? null;
  const copy = () => {
    navigator.clipboard.writeText(now.data?.content ?? "").then(() => toast(`v${version} is in the clipboard`), (error: unknown) => toastError(error, "The clipboard can't be written"));
  };
  const options = (skip: number) => rows.filter((each) => each.number !== skip).map((each) => ({ value: String(each.number), label: `v${each.number}${each.current ? ", in force" : ""}` }));
  return (
    <Card
      title={narrow ? undefined : `v${version}`}
      label={`Source of v${version}`}
      about={<>
        {narrow && <Choice label="Version" value={String(version)} options={options(-1)} onChange={(next) => setQuery({ v: next }, "push")} />}
        {row && <span className="dim mono ellipsis">{row.fileName}</span>}
        <Runs dag={dag} version={version} />
      </>}
      tools={<>
        {older !== null && (
          <Segments label="Show" value={against === null ? "source" : "changes"} options={[{ value: "source", label: "Source" }, { value: "changes", label: "Changes" }]} onChange={(next) => setQuery({ v: version, diff: next === "changes" ? older : null }, "push")} />
        )}
        {against !== null && <span className="row gap6"><span className="dim nowrap">since</span><Choice label="Compared with" value={String(against)} options={options(version)} onChange={(next) => setQuery({ v: version, diff: next }, "push")} /></span>}
        <IconButton icon="copy" label="Copy the source" onClick={copy} />
        {may && <Link href={link("/submit", { dag: dag.dag_id, v: version === dag.version_number ? null : version })} className={css.edit}><Icon name="edit" size={13} />{version === dag.version_number ? "Edit" : `Edit v${version}`}</Link>}
      </>}
      foot={against === null
        ? <><span>{lines ? `Line${lines.first === lines.last ? ` ${lines.first}` : `s ${lines.first} to ${lines.last}`}: the address leads here` : "A click on a line's number, or Enter in the text, makes a link to it"}</span>{row && <><span className="space" /><span className="mono" title={row.hash}>{row.hash.slice(0, 12)}</span></>}</>
        : <span>v{against} is what is taken away, v{version} is what is there now</span>}
      className={css.text!}
    >
      <div className={css.code}>
        <Shown query={now} what={`v${version} can't be read`} lines={12}>
          {(found) => (
            <Suspense fallback={<Loading lines={12} />}>
              {against === null
                ? <Source text={found.content} label={`Source of ${dag.dag_id} v${version}. Read only. Enter makes a link to the line.`} lines={lines} onLines={setLines} />
                : <Shown query={before} what={`v${against} can't be read`} lines={12}>{(old) => <Diff before={old.content} after={found.content} names={[`v${against}`, `v${version}`]} />}</Shown>}
            </Suspense>
          )}
        </Shown>
      </div>
    </Card>
  );
}
