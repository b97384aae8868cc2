import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { read, useMay } from "@/api/queries";
import { parseInstance, taskLabel } from "@/model/capacity";
import { count } from "@/model/time";
import { Button, Segments } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { useOnePane } from "@/ui/narrow";
import { Shown } from "@/ui/notes";
import { Page, PageHead } from "@/ui/shell";
import { Card } from "@/ui/surface";
import { useParam } from "@/ui/url";

import css from "./capacity.module.css";
import { useLiveCapacity, useZones, type Worker } from "./live";
import { Machines } from "./machines";
import { Past } from "./past";
import { PoolDialog } from "./pool_dialog";
import { Pools } from "./pools";
import { QueueCard } from "./queue";
import { WaitingBackfills, WaitingRuns } from "./waiting";
import { WhyCard, WhyInDrawer } from "./why";

const PAGE = 50;
const MOST = 1000;

function plural(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

function summary(workers: Worker[]): string {
  const cores = workers.reduce((sum, worker) => sum + worker.cpu_milli, 0) / 1000;
  const devices = workers.reduce((sum, worker) => sum + worker.devices.length, 0);
  return `${plural(workers.length, "worker")}, ${count(cores)} CPU, ${devices ? plural(devices, "device") : "no devices"}`;
}

export default function CapacityPage() {
  const [limit, setLimit] = useState(PAGE);
  const pools = useQuery(read("/api/v2/pools", { query: { limit: MOST, order_by: "name" } }));
  const workers = useQuery(read("/api/v2/workers"));
  const queue = useQuery({ ...read("/api/v2/ui/queue", { query: { limit } }), placeholderData: keepPreviousData, refetchInterval: 15_000 });
  const may = useMay("admin");
  const [creating, setCreating] = useState(false);
  const [why, setWhy] = useParam("why");
  const [view, setView] = useParam("view", "now");
  const picked = parseInstance(why);
  const twoPanes = !useOnePane();
  useLiveCapacity();
  const zoneOf = useZones([...(queue.data?.queue ?? []).map(({ ti }) => ti.dag_id), ...(queue.data?.runs ?? []).map(({ run }) => run.dag_id), ...(picked ? [picked.dagId] : [])]);
  const close = () => setWhy(null);
  return (
    <Page crumbs={[{ label: "Pools & devices" }]}>
      <PageHead title="Pools & devices" about={workers.data && <span className="dim ellipsis">{summary(workers.data.workers)}</span>}>
        <Segments label="When" value={view === "past" ? "past" : "now"} options={[{ value: "now", label: "Now" }, { value: "past", label: "Last 6 h" }]} onChange={setView} />
        {may && <Button icon="plus" onClick={() => setCreating(true)}>New pool</Button>}
      </PageHead>
      <div className={css.columns} data-why={picked !== null && twoPanes}>
        <div className={css.main}>
          <Card label="Capacity" className={css.top!}>
            {view === "past" ? <Past pools={pools.data?.pools ?? []} workers={workers.data?.workers ?? []} />
            : (
              <>
                <Shown query={pools} what="Pools can't be read" lines={4}>{(found) => <Pools pools={found.pools} may={may} />}</Shown>
                <Shown query={workers} what="The machine can't be read" lines={4}>{(found) => <Machines workers={found.workers} />}</Shown>
              </>
            )}
          </Card>
          <Shown query={queue} what="What waits can't be read" lines={8}>
            {(found) => (
              <>
                <QueueCard queue={found} picked={why} zoneOf={zoneOf} more={limit < MOST ? () => setLimit(Math.min(MOST, limit * 4)) : null} />
                {found.runs.length > 0 && <WaitingRuns runs={found.runs} zoneOf={zoneOf} />}
                {found.backfills.length > 0 && <WaitingBackfills backfills={found.backfills} />}
              </>
            )}
          </Shown>
        </div>
        {picked && twoPanes && <WhyCard key={why} of={picked} zone={zoneOf(picked.dagId)} onClose={close} />}
      </div>
      {picked && !twoPanes && <Dialog title={`Why ${taskLabel(picked)} waits`} drawer open onClose={close}><WhyInDrawer of={picked} /></Dialog>}
      {creating && <PoolDialog pool={null} onClose={() => setCreating(false)} />}
    </Page>
  );
}
