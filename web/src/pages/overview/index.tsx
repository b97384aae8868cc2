import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { useDialogs } from "@/actions/use_dialogs";
import { read, useMay } from "@/api/queries";
import { DagsCard, ImportFact } from "@/pages/dags/card";
import { Button, Segments } from "@/ui/controls";
import { useNarrow } from "@/ui/narrow";
import { Shown } from "@/ui/notes";
import { Page, PageHead } from "@/ui/shell";
import { useParam } from "@/ui/url";
import { useClock, useZone, zoneLabel } from "@/ui/zone";

import { Attention } from "./attention";
import { Counters } from "./counters";
import { ImportErrors, useImportErrors } from "./import_errors";
import { caughtUp, useLiveOverview } from "./live";
import css from "./overview.module.css";
import { Timeline } from "./timeline";
import { TriageRuns } from "./triage";

const RANGES = ["1h", "6h", "24h", "7d"] as const;
type Range = (typeof RANGES)[number];
const WORDS: Record<Range, string> = { "1h": "1 h", "6h": "6 h", "24h": "24 h", "7d": "7 d" };

function Today() {
  const { zone } = useZone();
  const format = useMemo(() => new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit",
  }), [zone]);
  const day = useClock((now) => format.format(now).replace(" at ", ", "));
  return <span className={`dim ellipsis ${css.today}`}>{day} {zoneLabel(zone)}</span>;
}

export default function OverviewPage() {
  const [asked, setRange] = useParam("range", "6h");
  const range = RANGES.includes(asked as Range) ? (asked as Range) : "6h";
  const overview = useQuery({
    ...read("/api/v2/ui/overview", { query: { window: range } }),
    placeholderData: keepPreviousData,
    select: caughtUp,
    // Plans and what waits come without an event.
    refetchInterval: 30_000,
  });
  useLiveOverview();
  const errors = useImportErrors().data?.total_entries;
  const narrow = useNarrow();
  const may = useMay("operator");
  const [dialog, open] = useDialogs();
  return (
    <Page crumbs={[{ label: "Overview" }]}>
      <PageHead title="Overview" about={<Today />}>
        <Segments label="Range" value={range} options={RANGES.map((each) => ({ value: each, label: WORDS[each] }))} onChange={(next) => setRange(next)} />
        {may && <Button icon="play" look="primary" onClick={() => open({ kind: "trigger" })}>Trigger run</Button>}
      </PageHead>
      <ImportErrors />
      <Shown query={overview} what="The overview can't be read">
        {(data) => narrow ? (
          <>
            <Attention overview={data} whole />
            <TriageRuns overview={data} />
          </>
        ) : (
          <>
            <Counters overview={data} window={WORDS[range]} />
            <div className={css.middle}>
              <Timeline overview={data} />
              <Attention overview={data} />
            </div>
          </>
        )}
      </Shown>
      <DagsCard on="overview" facts={<ImportFact errors={errors} />} />
      {dialog}
    </Page>
  );
}
