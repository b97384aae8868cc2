// The panels of one task instance on a page of their own, for bench/log.mjs and for a look at them alone: only `vite` serves it, no
// build has it. ?dag=&run=&task=&map=&try=&state=&panel=log|explain|compact&width=
import "@/ui/fonts.css";
import "@/ui/tokens.css";
import "@/ui/base.css";

import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { queries } from "@/api/queries";
import { ExplainPanel } from "@/ui/explain";
import { LogView } from "@/ui/log_view";
import { Card, CardBody } from "@/ui/surface";
import { TipProvider } from "@/ui/tip";
import { Toasts } from "@/ui/toast";

const asked = new URLSearchParams(location.search);
const of = (name: string, otherwise = "") => asked.get(name) ?? otherwise;
const instance = { dagId: of("dag"), runId: of("run"), taskId: of("task"), mapIndex: Number(of("map", "-1")) };

function Panel() {
  const panel = of("panel", "log");
  if (panel === "explain" || panel === "compact") {
    return <Card title={instance.taskId}><CardBody label="Why"><ExplainPanel {...instance} compact={panel === "compact"} /></CardBody></Card>;
  }
  return <Card title={instance.taskId}><LogView {...instance} tryNumber={Number(of("try", "1"))} state={of("state", "success")} /></Card>;
}

createRoot(document.getElementById("root")!).render(
  <StrictMode><QueryClientProvider client={queries}>
    <TipProvider delayDuration={400}>
      <main style={{ height: "100%", padding: 14, display: "flex", justifyContent: "flex-end" }}>
        <div style={{ width: Number(of("width", "560")), maxWidth: "100%", display: "grid", gridTemplateRows: "minmax(0, 1fr)" }}><Panel /></div>
      </main>
      <Toasts />
    </TipProvider>
  </QueryClientProvider></StrictMode>,
);
