import { useMay } from "@/api/queries";
import { Page, PageHead } from "@/ui/shell";
import { PageTabs } from "@/ui/surface";
import { useParam } from "@/ui/url";

import { Audit } from "./audit";
import { Events } from "./events";

export default function EventLogPage() {
  const admin = useMay("admin");
  const [view] = useParam("view", "events");
  const audit = admin && view === "audit";
  return (
    <Page crumbs={[{ label: "Event log" }]}>
      <PageHead title="Event log" />
      {admin && (
        <PageTabs
          label="Logs"
          tabs={[{ href: "/event-log", label: "Events", current: !audit }, { href: "/event-log?view=audit", label: "Audit", current: audit }]}
        />
      )}
      {audit ? <Audit /> : <Events />}
    </Page>
  );
}
