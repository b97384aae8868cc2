import { Page, PageHead } from "@/ui/shell";

export default function NewBackfillPage() {
  return <Page crumbs={[{ label: "New backfill" }]}><PageHead title="New backfill" /></Page>;
}
