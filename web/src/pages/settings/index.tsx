import { useMay } from "@/api/queries";
import { Page, PageHead } from "@/ui/shell";
import { PageTabs } from "@/ui/surface";
import { link, useParam } from "@/ui/url";

import { About } from "./about";
import { General } from "./general";
import { Sessions } from "./sessions";
import { Tokens } from "./tokens";
import { Variables } from "./variables";

const TABS = {
  general: { label: "General", body: General, admin: false },
  variables: { label: "Variables", body: Variables, admin: false },
  tokens: { label: "Tokens", body: Tokens, admin: true },
  sessions: { label: "Sessions", body: Sessions, admin: true },
  daemon: { label: "Daemon", body: About, admin: false },
} as const;

export default function SettingsPage() {
  const admin = useMay("admin");
  const [asked] = useParam("tab", "general");
  const tabs = Object.entries(TABS).filter(([, tab]) => admin || !tab.admin);
  const [name, { body: Body }] = tabs.find(([each]) => each === asked) ?? tabs[0]!;
  return (
    <Page crumbs={[{ label: "Settings" }]}>
      <PageHead title="Settings" />
      <PageTabs label="Settings" tabs={tabs.map(([each, { label }]) => ({ href: link("/settings", { tab: each === "general" ? null : each }), label, current: each === name }))} />
      <Body />
    </Page>
  );
}
