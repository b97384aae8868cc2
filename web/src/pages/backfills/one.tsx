import { Page, PageHead } from "@/ui/shell";

export default function BackfillPage(_: { id: number }) {
  return <Page crumbs={[{ label: "Backfill" }]}><PageHead title="Backfill" /></Page>;
}
