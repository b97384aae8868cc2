import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Fragment, useMemo, useRef, useState } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { runPath } from "@/model/run_address";
import { bytes, count, executionDate } from "@/model/time";
import { backfillOf, countWords, type Fold, foldWrites, originOf, schemaWords, shortDigest, tellWrites, type Version, type Write } from "@/model/versions";
import { Button } from "@/ui/controls";
import { Icon } from "@/ui/icon";
import { Empty, Shown } from "@/ui/notes";
import { useRowKeys } from "@/ui/rows";
import { Card, CardBody, Tag } from "@/ui/surface";
import { at, link } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./datasets.module.css";

const PAGE = 200;
const MOST = 1000;

/** Which backfill wrote a version: the daemon says which there were and when. */
export function useBackfillOf(dagId: string | null): (version: Version) => number | null {
  const backfills = useQuery({
    ...read("/api/v2/backfills", { query: { dag_id: dagId ?? "", order_by: "-id", limit: 200 } }), enabled: dagId !== null, staleTime: 5_000,
  }).data?.backfills;
  return useMemo(() => (version: Version) => backfillOf(version, backfills ?? []), [backfills]);
}

function percent(share: number): string {
  const size = Math.abs(share * 100);
  const text = size >= 100 ? `${Math.round(size)}` : size.toFixed(1);
  return `${share < 0 ? "−" : "+"}${text}%`;
}

const CONTENT = { first: "first", same: "same", differs: "differs", unknown: "" } as const;

interface RowProps {
  write: Write;
  picked: boolean;
  zone: string;
  backfill: number | null;
  hrefOf: (version: Version) => string;
  inside?: boolean;
  /** Whether any version says its rows and columns: Parquet does. */
  parquet: boolean;
}

function Row({ write, picked, zone, backfill, hrefOf, inside, parquet }: RowProps) {
  const { version, content, before, rowsChange } = write;
  const schema = write.schema && schemaWords(write.schema);
  return (
    <tr data-row={version.id} aria-selected={picked} className={inside ? css.inside : undefined}>
      <td><Link href={hrefOf(version)} className={`mono strong ${css.cell}`} aria-current={picked || undefined}>v{version.id}</Link></td>
      <td className="mono mid">{executionDate(version.partition, zone)}</td>
      <td className={`mid ${css.medium}`}><Instant at={version.created_at} /></td>
      <td className={css.medium}>
        <Link href={runPath(version.dag_id, { run_id: version.run_id, execution_date: version.partition }, zone)} className={`mid ${css.cell}`} title={version.run_id}>{backfill === null ? originOf(version.run_id) : `backfill ${backfill}`}</Link>
      </td>
      {parquet && <td className={`right ${css.medium}`}>{version.rows === null ? <span className="dim">–</span> : count(version.rows)}</td>}
      {parquet && <td className={`right dim ${css.wide}`} title={rowsChange === null ? undefined : before ? `against v${before.id} of this partition` : "against the partition before"}>{rowsChange === null ? "–" : percent(rowsChange)}</td>}
      <td className={`right mid ${css.wide}`}>{bytes(version.bytes)}</td>
      <td title={before ? `v${before.id} of this partition: ${before.version}` : undefined}>
        <span className={`mono mid ${css.medium}`}>{shortDigest(version.version)} </span>
        <span className={content === "differs" ? "strong" : "dim"}>{CONTENT[content]}</span>
      </td>
      {parquet && <td className={css.wide}>{schema ? <Tag title={schema}><span className={css.schemaTag}>{schema}</span></Tag> : <span className="dim">{write.schema ? "same" : "–"}</span>}</td>}
    </tr>
  );
}

/** `91 more by backfill 7: 90 wrote the same content, 1 differs`; opens to the writes themselves. */
function FoldButton({ fold, open, onToggle }: { fold: Fold; open: boolean; onToggle: () => void }) {
  return (
    <button type="button" className={css.fold} aria-expanded={open} onClick={onToggle}>
      <span className={css.turn} data-open={open}><Icon name="chevron_right" size={13} /></span>
      <span className="mono">v{fold.writes.at(-1)!.version.id} to v{fold.writes[0]!.version.id}</span>
      <span className="mid ellipsis">{count(fold.writes.length)} more{fold.by && ` by ${fold.by}`}: {countWords(fold.counts)}</span>
    </button>
  );
}

interface Props {
  name: string;
  zone: string;
  picked: number | null;
  backfillOf: (version: Version) => number | null;
  hrefOf: (version: Version) => string;
  /** Of one partition alone. */
  partition: string | null;
  onAllPartitions: () => void;
}

export function VersionsCard({ name, zone, picked, backfillOf: backfill, hrefOf, partition, onAllPartitions }: Props) {
  const [limit, setLimit] = useState(PAGE);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const query = useQuery({
    ...read("/api/v2/datasets/{dataset}/versions", { path: { dataset: name }, query: { limit, ...(partition ? { partition } : {}) } }),
    placeholderData: keepPreviousData,
  });
  const found = query.data;
  const rows = useMemo(() => {
    if (!found) return [];
    return foldWrites(tellWrites(found.versions, found.versions.length >= found.total_entries), (version) => {
      const id = backfill(version);
      return id === null ? null : `backfill ${id}`;
    });
  }, [found, backfill]);
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(body);
  const toggle = (key: number) => setOpened((before) => {
    const next = new Set(before);
    if (!next.delete(key)) next.add(key);
    return next;
  });
  const parquet = found?.versions.some((version) => version.rows !== null) ?? false;
  const left = found ? found.total_entries - found.versions.length : 0;
  const row = (write: Write, inside = false) => (
    <Row key={write.version.id} write={write} picked={write.version.id === picked} zone={zone} backfill={backfill(write.version)} hrefOf={hrefOf} inside={inside} parquet={parquet} />
  );
  return (
    <Card
      title="Versions"
      about={<span className="dim">newest first</span>}
      tools={partition && <><span className="dim">of</span><Tag><span className="mono">{executionDate(partition, zone)}</span></Tag><Button small look="ghost" onClick={onAllPartitions}>All partitions</Button></>}
      className={css.fill!}
    >
      <Shown query={query} what="Versions can't be listed" lines={6}>
        {() => rows.length ? (
          <CardBody label="Versions">
            <table className="list">
              <thead>
                <tr>
                  <th>Version</th><th>Partition</th><th className={css.medium}>Written</th><th className={css.medium}>By</th>{parquet && <th className={`right ${css.medium}`}>Rows</th>}
                  {parquet && <th className={`right ${css.wide}`}>Change</th>}<th className={`right ${css.wide}`}>Size</th><th>Content</th>{parquet && <th className={css.wide}>Schema</th>}
                </tr>
              </thead>
              <tbody ref={body}>
                {rows.map((each) => {
                  if (each.kind === "write") return row(each.write);
                  const open = opened.has(each.key) || each.writes.some((write) => write.version.id === picked);
                  return (
                    <Fragment key={`fold ${each.key}`}>
                      <tr data-row={`fold ${each.key}`}><td colSpan={parquet ? 9 : 6}><FoldButton fold={each} open={open} onToggle={() => toggle(each.key)} /></td></tr>
                      {open && each.writes.map((write) => row(write, true))}
                    </Fragment>
                  );
                })}
              </tbody>
            </table>
            {left > 0 && (
              <p className={css.more}>
                {limit < MOST
                  ? <Button small onClick={() => setLimit(limit + PAGE)}>Show {count(Math.min(PAGE, left))} older</Button>
                  : <span className="dim">{count(left)} older ones: <code className="mono">millrace datasets versions {name} --offset {MOST}</code></span>}
              </p>
            )}
          </CardBody>
        ) : <Empty title="Never written yet" command={`millrace datasets versions ${name}`} />}
      </Shown>
    </Card>
  );
}

/** The address of a version on its dataset's page, with what else the reader chose. */
export function versionHref(name: string, number: number | null, kept: Record<string, string | null>): string {
  return link(at("datasets", name), { ...kept, v: number });
}
