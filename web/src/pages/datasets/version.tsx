import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import type { Answer } from "@/api/client";
import { read } from "@/api/queries";
import { runPath } from "@/model/run_address";
import { bytes, count, executionDate } from "@/model/time";
import { originOf, shortDigest, type Version } from "@/model/versions";
import { Button } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Shown } from "@/ui/notes";
import { Card, CardBody, Tag } from "@/ui/surface";
import { at, link } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./datasets.module.css";
import { copy, Digest, useZoneOf } from "./parts";

type Details = Answer<"/api/v2/datasets/{dataset}/versions/{version}">;
type Input = Details["inputs"][number];

const READERS_SHOWN = 6;

function One({ input }: { input: Input }) {
  return (
    <Link href={link(at("datasets", input.dataset), { v: input.version_id })} className={`row gap8 ${css.input}`}>
      <span className="dim"><Icon name="datasets" size={13} /></span>
      <span className="ellipsis">{input.dataset}</span>
      <span className="space" />
      <span className="mono mid">v{input.version_id}</span>
    </Link>
  );
}

function Several({ dataset, inputs, zone }: { dataset: string; inputs: Input[]; zone: string }) {
  return (
    <details className={css.inputs}>
      <summary className={`row gap8 ${css.input}`}>
        <span className="dim"><Icon name="datasets" size={13} /></span>
        <span className="ellipsis">{dataset}</span>
        <span className="space" />
        <span className="mono mid">{count(inputs.length)} versions</span>
        <span className={css.chevron}><Icon name="chevron_right" size={12} /></span>
      </summary>
      <ol>
        {inputs.map((input) => (
          <li key={input.version_id} className="row gap8">
            <Link href={link(at("datasets", dataset), { v: input.version_id })} className={`${css.link} mono`}>v{input.version_id}</Link>
            <span className="mono mid">{executionDate(input.partition, zone)}</span>
            <span className="space" />
            <span className="mono dim">{shortDigest(input.version)}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}

/** Exact versions that the producer was given, a line for each dataset. */
function MadeFrom({ inputs }: { inputs: Input[] }) {
  const zoneOf = useZoneOf();
  const of = new Map<string, Input[]>();
  for (const input of inputs) of.set(input.dataset, [...(of.get(input.dataset) ?? []), input]);
  return (
    <section className={css.part}>
      <h3>Made from<span className="space" /><span className="dim">exact versions</span></h3>
      {of.size === 0 && <p className="dim">It was given no dataset to read.</p>}
      <ul>
        {[...of].map(([dataset, given]) => <li key={dataset}>{given.length === 1 ? <One input={given[0]!} /> : <Several dataset={dataset} inputs={given} zone={zoneOf(dataset)} />}</li>)}
      </ul>
    </section>
  );
}

/** Runs that were given this version. */
function ReadBy({ readers }: { readers: Details["read_by"] }) {
  return (
    <section className={css.part}>
      <h3>Read by<span className="space" />{readers.length > 0 && <span className="dim">newest first</span>}</h3>
      {!readers.length && <p className="dim">Nobody yet.</p>}
      <ul>
        {readers.slice(0, READERS_SHOWN).map((reader, index) => (
          <li key={index} className="row gap8">
            <span className="ellipsis"><span className="mid">{reader.dag_id}</span><span className="dim"> / </span>{reader.task_id}</span>
            <span className="space" />
            <Link
              href={runPath(reader.dag_id, reader.run_id, null, { task: reader.task_id, map: reader.map_index >= 0 ? reader.map_index : null, try: reader.try_number })}
              className={`${css.link} nowrap`} title={reader.run_id}
            >{originOf(reader.run_id)}</Link>
          </li>
        ))}
      </ul>
      {readers.length > READERS_SHOWN && <p className="dim">{readers.length >= 1000 ? "1,000 or more" : count(readers.length)} in all.</p>}
    </section>
  );
}

/** What the partition held before, and how the two runs that wrote it compare. */
function Before({ version }: { version: Version }) {
  const writes = useQuery({
    ...read("/api/v2/datasets/{dataset}/versions", { path: { dataset: version.dataset }, query: { partition: version.partition, limit: 100 } }), staleTime: 10_000,
  }).data?.versions;
  const before = writes?.find((each) => each.id < version.id);
  if (!writes) return <span className="dim">–</span>;
  if (!before) return <span className="dim">nothing: it is the first write{writes.length === 100 ? " of those looked at" : ""}</span>;
  const runs = before.run_id !== version.run_id || before.dag_id !== version.dag_id;
  return (
    <>
      <Link href={link(at("datasets", version.dataset), { v: before.id })} className={css.link}>v{before.id}</Link>{" "}
      <span className={before.version === version.version ? "dim" : "strong"}>{before.version === version.version ? "with the same content" : "with other content"}</span>
      {runs && <>, <Link href={link("/compare", { a: `${before.dag_id}/${before.run_id}`, b: `${version.dag_id}/${version.run_id}` })} className={css.link}>compare their runs</Link></>}
    </>
  );
}

/** The DAG's version that the run had when it was asked last. */
function Code({ version }: { version: Version }) {
  const run = useQuery({ ...read("/api/v2/dags/{dag_id}/dagRuns/{run_id}", { path: { dag_id: version.dag_id, run_id: version.run_id } }), staleTime: 60_000 });
  const code = run.data?.dag_versions.at(-1);
  if (run.error) return <span className="dim">the run isn't there any more</span>;
  if (!code) return <span className="dim">–</span>;
  return <><Link href={link(at("dags", version.dag_id, "code"), { v: code.version_number })} className={css.link}>v{code.version_number}, <span className="mono">{code.hash.slice(0, 7)}</span></Link>{run.data && run.data.rerun > 0 && <span className="dim"> as its run has it now</span>}</>;
}

function Facts({ details, zone, format, backfill }: { details: Details; zone: string; format: string | null; backfill: number | null }) {
  const { version, same_content: same } = details;
  return (
    <dl className="facts">
      <dt>Partition</dt><dd className="strong">{executionDate(version.partition, zone)}</dd>
      <dt>Written</dt>
      <dd>
        <Instant at={version.created_at} /> <span className="dim">by</span>{" "}
        <Link href={runPath(version.dag_id, { run_id: version.run_id, execution_date: version.partition }, zone, { task: version.task_id, map: version.map_index >= 0 ? version.map_index : null })} className={css.link} title={version.run_id}>
          {originOf(version.run_id)} run
        </Link>
        {backfill !== null && <span className="dim"> in <Link href={at("backfills", String(backfill))} className={css.link}>backfill {backfill}</Link></span>}
      </dd>
      <dt>Task</dt><dd>{version.task_id}{version.map_index >= 0 && <span className="dim"> [{version.map_index}]</span>} <span className="dim">of {version.dag_id}</span></dd>
      {version.rows !== null && <><dt>Rows</dt><dd>{count(version.rows)}{version.columns && <span className="dim">, {count(version.columns.length)} columns</span>}</dd></>}
      <dt>Size</dt><dd>{bytes(version.bytes)}<span className="dim">{version.files === 1 ? "" : ` in ${count(version.files)} files`}{format && `, ${format}`}</span></dd>
      <dt>Content</dt>
      <dd>
        <Digest version={version.version} />
        {same > 1 && <span className="dim">written {count(same)} times</span>}
      </dd>
      <dt>Before</dt><dd><Before version={version} /></dd>
      <dt>Code</dt><dd><Code version={version} /></dd>
      <dt>Path</dt><dd className={`mono mid ${css.path}`}>{version.path}</dd>
    </dl>
  );
}

interface Props {
  name: string;
  number: number;
  /** The newest version there is; else the reader picked another. */
  newest: boolean;
  zone: string;
  format: string | null;
  backfillOf: (version: Version) => number | null;
}

function useVersion(name: string, number: number) {
  return useQuery({ ...read("/api/v2/datasets/{dataset}/versions/{version}", { path: { dataset: name, version: String(number) } }), staleTime: 30_000 });
}

function Parts({ found, name, number, zone, format, backfillOf }: Omit<Props, "newest"> & { found: Details }) {
  const trace = `millrace lineage dataset:${name}@${number} --up`;
  return (
    <>
      <Facts details={found} zone={zone} format={format} backfill={backfillOf(found.version)} />
      <MadeFrom inputs={found.inputs} />
      <ReadBy readers={found.read_by} />
      <section className={css.part}>
        <h3>Where it comes from, in the terminal</h3>
        <button type="button" className={css.command} onClick={() => copy(trace, "Command")} title={trace}><code className="mono ellipsis">{trace}</code><Icon name="copy" size={12} /></button>
      </section>
    </>
  );
}

export function VersionCard(props: Props) {
  const { name, number, newest } = props;
  const details = useVersion(name, number);
  const shown = details.data;
  return (
    <Card
      title={`v${number}`}
      label={`Version ${number}`}
      about={newest && <Tag>newest</Tag>}
      tools={shown && <Button small look="ghost" onClick={() => copy(shown.version.version, "Content id")}>Copy id</Button>}
      className={css.version!}
    >
      <Shown query={details} what={`Version ${number} can't be read`} lines={8}>
        {(found) => <CardBody label={`Version ${number}`} pad className={css.versionBody!}><Parts {...props} found={found} /></CardBody>}
      </Shown>
    </Card>
  );
}

/** Where a page has one pane, the version lies over it. */
export function VersionDrawer({ onClose, ...props }: Props & { onClose: () => void }) {
  const details = useVersion(props.name, props.number);
  return (
    <Dialog title={`v${props.number}${props.newest ? ", the newest" : ""}`} drawer open onClose={onClose}>
      <Shown query={details} what={`Version ${props.number} can't be read`} lines={8}>{(found) => <Parts {...props} found={found} />}</Shown>
    </Dialog>
  );
}
