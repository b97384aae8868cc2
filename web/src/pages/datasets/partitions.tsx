import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link } from "wouter";

import type { Answer } from "@/api/client";
import { read } from "@/api/queries";
import { runPath } from "@/model/run_address";
import { bytes, count, executionDate } from "@/model/time";
import { originOf, shortDigest } from "@/model/versions";
import { Button } from "@/ui/controls";
import { Empty, Shown } from "@/ui/notes";
import { useRowKeys } from "@/ui/rows";
import { Card, CardBody } from "@/ui/surface";
import { Instant } from "@/ui/zone";

import css from "./datasets.module.css";
import { PartitionYear } from "./partition_year";

type Partition = Answer<"/api/v2/datasets/{dataset}/partitions">["partitions"][number];

const MOST = 1000;
const PAGE = 100;

interface Props {
  name: string;
  dagId: string | null;
  zone: string;
  picked: number | null;
  hrefOf: (version: { id: number }) => string;
  versionsHref: (partition: string) => string;
}

function Row({ partition: { partition, versions, newest_version: newest }, zone, picked, hrefOf, versionsHref }: Pick<Props, "zone" | "picked" | "hrefOf" | "versionsHref"> & { partition: Partition }) {
  return (
    <tr data-row={partition} aria-selected={newest.id === picked}>
      <td><Link href={hrefOf(newest)} className={`mono strong ${css.cell}`}>{executionDate(partition, zone)}</Link></td>
      <td className="mono mid">v{newest.id}</td>
      <td className="mid"><Instant at={newest.created_at} /></td>
      <td className={css.medium}><Link href={runPath(newest.dag_id, { run_id: newest.run_id, execution_date: partition }, zone)} className={`mid ${css.cell}`} title={newest.run_id}>{originOf(newest.run_id)}</Link></td>
      <td className={`right ${css.medium}`}>{newest.rows === null ? <span className="dim">–</span> : count(newest.rows)}</td>
      <td className={`right mid ${css.medium}`}>{bytes(newest.bytes)}</td>
      <td className={`mono mid ${css.wide}`}>{shortDigest(newest.version)}</td>
      <td className="right">{versions === 1 ? <span className="dim">1</span> : <Link href={versionsHref(partition)} className={css.link}>{count(versions)}</Link>}</td>
    </tr>
  );
}

export function Partitions({ name, dagId, zone, picked, hrefOf, versionsHref }: Props) {
  const query = useQuery({ ...read("/api/v2/datasets/{dataset}/partitions", { path: { dataset: name }, query: { limit: MOST } }), placeholderData: keepPreviousData });
  const [rows, setRows] = useState(PAGE);
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(body);
  return (
    <Shown query={query} what="Partitions can't be listed" lines={8}>
      {({ partitions, total_entries: total }) => partitions.length ? (
        <>
          <PartitionYear name={name} partitions={partitions} dagId={dagId} zone={zone} hrefOf={hrefOf} />
          <Card title="Partitions" about={<span className="dim">{total > partitions.length ? `the newest ${count(partitions.length)} of ${count(total)}` : "newest first"}</span>} className={css.fill!}>
            <CardBody label="Partitions">
              <table className="list">
                <thead>
                  <tr>
                    <th>Partition</th><th>Holds</th><th>Written</th><th className={css.medium}>By</th><th className={`right ${css.medium}`}>Rows</th><th className={`right ${css.medium}`}>Size</th>
                    <th className={css.wide}>Content</th><th className="right">Writes</th>
                  </tr>
                </thead>
                <tbody ref={body}>
                  {partitions.slice(0, rows).map((partition) => <Row key={partition.partition} partition={partition} zone={zone} picked={picked} hrefOf={hrefOf} versionsHref={versionsHref} />)}
                </tbody>
              </table>
              {rows < partitions.length && <p className={css.more}><Button small onClick={() => setRows(rows + PAGE)}>Show {count(Math.min(PAGE, partitions.length - rows))} more</Button></p>}
            </CardBody>
          </Card>
        </>
      ) : <Card label="Partitions" className={css.fill!}><Empty title="No partition yet" command={`millrace datasets partitions ${name}`} /></Card>}
    </Shown>
  );
}
