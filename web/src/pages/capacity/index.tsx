import { Page, PageHead } from "@/ui/shell";

export default function CapacityPage() {
  return <Page crumbs={[{ label: "Pools & devices" }]}><PageHead title="Pools & devices" /></Page>;
}
