import { Page, PageHead } from "@/ui/shell";

export default function BackfillsPage() {
  return <Page crumbs={[{ label: "Backfills" }]}><PageHead title="Backfills" /></Page>;
}
