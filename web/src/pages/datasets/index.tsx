import { Page, PageHead } from "@/ui/shell";

export default function DatasetsPage() {
  return <Page crumbs={[{ label: "Datasets" }]}><PageHead title="Datasets" /></Page>;
}
