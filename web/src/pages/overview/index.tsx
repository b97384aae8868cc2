import { Page, PageHead } from "@/ui/shell";

export default function OverviewPage() {
  return <Page crumbs={[{ label: "Overview" }]}><PageHead title="Overview" /></Page>;
}
