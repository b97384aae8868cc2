import { Page, PageHead } from "@/ui/shell";

export default function DatasetPage(_: { name: string }) {
  return <Page crumbs={[{ label: "Dataset" }]}><PageHead title="Dataset" /></Page>;
}
