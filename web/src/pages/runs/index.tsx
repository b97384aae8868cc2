import { Page, PageHead } from "@/ui/shell";

export default function RunsPage() {
  return <Page crumbs={[{ label: "Runs" }]}><PageHead title="Runs" /></Page>;
}
