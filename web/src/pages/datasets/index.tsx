import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link } from "wouter";

import type { Answer } from "@/api/client";
import { read } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { bytes, count, executionDate } from "@/model/time";
import { Button, Field } from "@/ui/controls";
import { Icon } from "@/ui/icon";
import { Empty, Shown } from "@/ui/notes";
import { useFilterKey, useRowKeys } from "@/ui/rows";
import { Page, PageHead } from "@/ui/shell";
import { Card, CardBody } from "@/ui/surface";
import { at, useKeptScroll, useParam } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./datasets.module.css";
import { DagNames } from "./parts";

type Datasets = Answer<"/api/v2/datasets">;
type Dataset = Datasets["datasets"][number];

const PAGE = 200;
const MOST = 1000;

function Row({ dataset }: { dataset: Dataset }) {
  const newest = dataset.newest_version;
  return (
    <tr data-row={dataset.name}>
      <td className={css.stretch}>
        <Link href={at("datasets", dataset.name)} className={`${css.name} strong`}><Icon name="datasets" /><span className="ellipsis">{dataset.name}</span></Link>
      </td>
      <td className={css.wide}><DagNames ids={dataset.producers.map((user) => user.dag_id)} none="no DAG here" /></td>
      <td className={`mid ${css.wide}`}>{dataset.format ?? "–"}</td>
      <td className={`right mid ${css.medium}`}>{count(dataset.partitions)}</td>
      <td className="mono mid">{newest ? executionDate(newest.partition, dataset.timezone ?? "UTC") : "–"}</td>
      <td className="mid"><Instant at={newest?.created_at} /></td>
      <td className={`right ${css.medium}`}>{newest?.rows === null || newest?.rows === undefined ? <span className="dim">–</span> : count(newest.rows)}</td>
      <td className={`right mid ${css.medium}`}>{newest ? bytes(newest.bytes) : "–"}</td>
      <td className={css.wide}><DagNames ids={[...dataset.consumers, ...dataset.triggers].map((user) => user.dag_id)} none="nobody" /></td>
    </tr>
  );
}

export default function DatasetsPage() {
  const [q, setQ] = useParam("q");
  const [limit, setLimit] = useState(PAGE);
  const query = { limit, order_by: "name", ...(q ? { name_pattern: q } : {}) };
  const datasets = useQuery({ ...read("/api/v2/datasets", { query }), placeholderData: keepPreviousData });
  useTopic("dataset:*", () => renewSoon(2_000, "/api/v2/datasets"));
  const field = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const scroll = useKeptScroll<HTMLDivElement>("datasets");
  useFilterKey(field);
  useRowKeys(body);
  const total = datasets.data?.total_entries;
  return (
    <Page crumbs={[{ label: "Datasets" }]}>
      <PageHead title="Datasets" about={total !== undefined && <span className="dim">{q ? `${count(total)} with “${q}” in their name` : total === 1 ? "1 dataset" : `${count(total)} datasets`}</span>}>
        <Field label="Filter by name" icon="search" type="search" placeholder="Filter by name" value={q} onChange={setQ} inputRef={field} unit={<kbd>/</kbd>} className={css.filter!} />
      </PageHead>
      <Card label="Datasets" className={css.fill!}>
        <Shown query={datasets} what="Datasets can't be listed" lines={8}>
          {(found) => found.datasets.length ? (
            <CardBody label="Datasets" ref={scroll}>
              <table className="list">
                <thead>
                  <tr>
                    <th>Dataset</th><th className={css.wide}>Written by</th><th className={css.wide}>Format</th><th className={`right ${css.medium}`}>Partitions</th><th>Newest version</th><th>Written</th>
                    <th className={`right ${css.medium}`}>Rows</th><th className={`right ${css.medium}`}>Size</th><th className={css.wide}>Read by</th>
                  </tr>
                </thead>
                <tbody ref={body}>{found.datasets.map((dataset) => <Row key={dataset.name} dataset={dataset} />)}</tbody>
              </table>
              {found.datasets.length < found.total_entries && (
                <p className={css.more}>
                  {limit < MOST
                    ? <Button small onClick={() => setLimit(limit + PAGE)}>Show {count(Math.min(PAGE, found.total_entries - found.datasets.length))} more</Button>
                    : <span className="dim">{count(found.total_entries - found.datasets.length)} more: filter to see them.</span>}
                </p>
              )}
            </CardBody>
          ) : q ? (
            <Empty title={`No dataset has “${q}” in its name`}><Button onClick={() => setQ(null)}>Clear the filter</Button></Empty>
          ) : (
            <Empty title="No datasets yet. A task with outputs makes one." command="millrace datasets list" />
          )}
        </Shown>
      </Card>
    </Page>
  );
}
