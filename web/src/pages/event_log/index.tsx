import { Page, PageHead } from "@/ui/shell";

export default function EventLogPage() {
  return <Page crumbs={[{ label: "Event log" }]}><PageHead title="Event log" /></Page>;
}
