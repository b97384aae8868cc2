import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";

import { queries, usePollingWhenLost } from "@/api/queries";
import { Boundary } from "@/ui/boundary";
import { GlobalKeys, NotFound } from "@/ui/shell";
import { TipProvider } from "@/ui/tip";
import { Toasts } from "@/ui/toast";

// Each page is a chunk of its own; the overview is what most people open first.
const Overview = lazy(() => import("@/pages/overview"));
const Dags = lazy(() => import("@/pages/dags"));
const Dag = lazy(() => import("@/pages/dag"));
const Run = lazy(() => import("@/pages/run"));
const Runs = lazy(() => import("@/pages/runs"));
const Backfills = lazy(() => import("@/pages/backfills"));
const NewBackfill = lazy(() => import("@/pages/backfills/new"));
const Backfill = lazy(() => import("@/pages/backfills/one"));
const Datasets = lazy(() => import("@/pages/datasets"));
const Dataset = lazy(() => import("@/pages/datasets/one"));
const Capacity = lazy(() => import("@/pages/capacity"));
const Compare = lazy(() => import("@/pages/compare"));
const EventLog = lazy(() => import("@/pages/event_log"));
const Settings = lazy(() => import("@/pages/settings"));
const Submit = lazy(() => import("@/pages/submit"));

function Pages() {
  usePollingWhenLost();
  return (
    <Boundary>
      <Suspense fallback={null}>
        <Switch>
          <Route path="/"><Overview /></Route>
          <Route path="/dags"><Dags /></Route>
          <Route path="/dags/:dag/runs/:run">{({ dag, run }) => <Run dagId={decodeURIComponent(dag)} runName={decodeURIComponent(run)} />}</Route>
          <Route path="/dags/:dag/:tab?">{({ dag, tab }) => <Dag dagId={decodeURIComponent(dag)} tab={tab ?? "grid"} />}</Route>
          <Route path="/runs"><Runs /></Route>
          <Route path="/backfills"><Backfills /></Route>
          <Route path="/backfills/new"><NewBackfill /></Route>
          <Route path="/backfills/:id">{({ id }) => <Backfill id={Number(id)} />}</Route>
          <Route path="/datasets"><Datasets /></Route>
          <Route path="/datasets/:name">{({ name }) => <Dataset name={decodeURIComponent(name)} />}</Route>
          <Route path="/capacity"><Capacity /></Route>
          <Route path="/compare"><Compare /></Route>
          <Route path="/event-log"><EventLog /></Route>
          <Route path="/settings"><Settings /></Route>
          <Route path="/submit"><Submit /></Route>
          <Route><NotFound what={`There is no page at ${location.pathname}.`} /></Route>
        </Switch>
      </Suspense>
    </Boundary>
  );
}

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <TipProvider delayDuration={400}>
        <GlobalKeys />
        <Pages />
        <Toasts />
      </TipProvider>
    </QueryClientProvider>
  );
}
