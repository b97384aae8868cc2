import { Page, PageHead } from "@/ui/shell";

export default function ComparePage() {
  return <Page crumbs={[{ label: "Compare runs" }]}><PageHead title="Compare runs" /></Page>;
}
