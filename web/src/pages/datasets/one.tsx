import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { useDialogs } from "@/actions/use_dialogs";
import type { Answer } from "@/api/client";
import { read, useMay } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { executionDate } from "@/model/time";
import { Button } from "@/ui/controls";
import { Icon } from "@/ui/icon";
import { useOnePane } from "@/ui/narrow";
import { Shown } from "@/ui/notes";
import { NotFound, Page, PageHead } from "@/ui/shell";
import { PageTabs, Tag } from "@/ui/surface";
import { at, link, useGo, useParam } from "@/ui/url";
import { DagZoneProvider } from "@/ui/zone";

import css from "./datasets.module.css";
import { LineageCard } from "./lineage";
import { Partitions } from "./partitions";
import { DagNames } from "./parts";
import { SchemaCard } from "./schema";
import { VersionCard, VersionDrawer } from "./version";
import { useBackfillOf, versionHref, VersionsCard } from "./versions";

type Dataset = Answer<"/api/v2/datasets/{dataset}">;
const TABS = { lineage: "Lineage", partitions: "Partitions", versions: "Versions", schema: "Schema" } as const;
type Tab = keyof typeof TABS;

function useLive(name: string): void {
  useTopic(`dataset:${name}`, () => renewSoon(
    2_000, "/api/v2/datasets", "/api/v2/datasets/{dataset}", "/api/v2/datasets/{dataset}/versions", "/api/v2/datasets/{dataset}/versions/{version}",
    "/api/v2/datasets/{dataset}/partitions", "/api/v2/lineage", "/api/v2/backfills",
  ));
}

function About({ dataset }: { dataset: Dataset }) {
  const readers = [...dataset.consumers, ...dataset.triggers].map((user) => user.dag_id);
  return (
    <span className={css.about}>
      {dataset.format && <Tag>{dataset.format}</Tag>}
      <span className="mid">written by <b className="strong"><DagNames ids={dataset.producers.map((user) => user.dag_id)} none="no DAG here" /></b></span>
      <span className="dim">·</span>
      <span className="mid">read by <DagNames ids={readers} none="nobody" /></span>
      {dataset.description && <><span className="dim">·</span><span className="dim ellipsis" title={dataset.description}>{dataset.description}</span></>}
    </span>
  );
}

/** A run of the DAG that makes it. */
function Materialise({ dagIds }: { dagIds: string[] }) {
  const may = useMay("operator");
  const [dialog, open] = useDialogs();
  const [dagId] = dagIds;
  if (!may || dagId === undefined) return null;
  return <><Button icon="play" onClick={() => open({ kind: "trigger", dagId })}>Materialise</Button>{dialog}</>;
}

function Body({ dataset, tab }: { dataset: Dataset; tab: Tab }) {
  const { name } = dataset;
  const zone = dataset.timezone ?? "UTC";
  const [asked] = useParam("v");
  const [depth] = useParam("depth");
  const [view] = useParam("view");
  const [partition, setPartition] = useParam("partition");
  const go = useGo();
  const picked = /^\d+$/.test(asked) ? Number(asked) : null;
  const newest = dataset.newest_version;
  const number = picked ?? newest?.id ?? null;
  const backfillOf = useBackfillOf(dataset.dag_id);
  const version = useQuery({
    ...read("/api/v2/datasets/{dataset}/versions/{version}", { path: { dataset: name, version: String(number) } }), enabled: number !== null, staleTime: 30_000,
  }).data?.version;
  const kept = { tab: tab === "lineage" ? null : tab, depth: depth || null, view: view || null, partition: partition || null };
  const hrefOf = ({ id }: { id: number }) => versionHref(name, id, kept);
  const versions = (
    <VersionsCard
      name={name} zone={zone} picked={picked} backfillOf={backfillOf} hrefOf={hrefOf} partition={partition || null} onAllPartitions={() => setPartition(null)}
    />
  );
  const onePane = useOnePane();
  const [closed, setClosed] = useState<number | null>(null);
  const shown = number === null ? null : { name, number, newest: number === newest?.id, zone, format: dataset.format, backfillOf };
  return (
    <div className={css.columns} data-single={number === null}>
      <div className={css.main}>
        {onePane && number !== null && (
          <div className="row gap8">
            <Button onClick={() => (picked === null ? go(hrefOf({ id: number })) : setClosed(null))}>v{number}{picked === null && ", the newest"}</Button>
            <span className="dim">what it was made from, who read it</span>
          </div>
        )}
        {tab === "lineage" && (
          <>
            <div className={css.lineage} data-alone={dataset.versions === 0}>
              <LineageCard
                name={name} version={picked} zone={zone} onLatest={() => go(versionHref(name, null, kept))}
                asOf={<span className="mono">v{picked}{version && picked === version.id && `, ${executionDate(version.partition, zone)}`}</span>}
              />
            </div>
            {dataset.versions > 0 && versions}
          </>
        )}
        {tab === "partitions" && (
          <Partitions
            name={name} dagId={dataset.dag_id} zone={zone} picked={picked} hrefOf={hrefOf}
            versionsHref={(each) => link(at("datasets", name), { tab: "versions", partition: each, v: picked })}
          />
        )}
        {tab === "versions" && versions}
        {tab === "schema" && version && <Schema name={name} version={version} />}
      </div>
      {shown && !onePane && <VersionCard key={number} {...shown} />}
      {shown && onePane && picked !== null && closed !== picked && <VersionDrawer {...shown} onClose={() => setClosed(picked)} />}
    </div>
  );
}

/** The schema is compared with that of the write before, of whatever partition. */
function Schema({ name, version }: { name: string; version: NonNullable<Dataset["newest_version"]> }) {
  const writes = useQuery(read("/api/v2/datasets/{dataset}/versions", { path: { dataset: name }, query: { limit: 200 } })).data?.versions;
  const before = writes?.find((each) => each.id < version.id) ?? null;
  return <SchemaCard version={version} before={before} />;
}

export default function DatasetPage({ name }: { name: string }) {
  const dataset = useQuery(read("/api/v2/datasets/{dataset}", { path: { dataset: name } }));
  const [asked] = useParam("tab", "lineage");
  const [v] = useParam("v");
  useLive(name);
  if (dataset.error?.status === 404) {
    return <NotFound what={`There is no dataset ${name}.`}><p><Link href="/datasets" className={css.link}>All datasets</Link></p></NotFound>;
  }
  const tab: Tab = asked in TABS ? (asked as Tab) : "lineage";
  const found = dataset.data;
  const columns = found?.newest_version?.columns?.length;
  const counts: Record<Tab, number | undefined | string> = {
    lineage: undefined, partitions: found?.partitions, versions: found?.versions, schema: columns === undefined ? undefined : `${columns} columns`,
  };
  const shown = (Object.keys(TABS) as Tab[]).filter((each) => each !== "schema" || columns !== undefined || tab === "schema");
  return (
    <DagZoneProvider zone={found?.timezone}>
      <Page crumbs={[{ label: "Datasets", href: "/datasets" }, { label: name }]}>
        <PageHead title={<span className="row gap8"><Icon name="datasets" size={20} />{name}</span>} about={found && <About dataset={found} />}>
          {found && <Materialise dagIds={[...new Set(found.producers.map((user) => user.dag_id))]} />}
        </PageHead>
        <PageTabs
          label={`Pages of ${name}`}
          tabs={shown.map((each) => ({
            href: link(at("datasets", name), { tab: each === "lineage" ? null : each, v: v || null }), label: TABS[each], current: each === tab, count: counts[each],
          }))}
        />
        <Shown query={dataset} what="This dataset can't be read">{(there) => <Body dataset={there} tab={tab} />}</Shown>
      </Page>
    </DagZoneProvider>
  );
}
