import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { useLocation } from "wouter";

import { useDialogs } from "@/actions/use_dialogs";

import { keepPlace } from "./recent";
import { Told } from "./told";

// What the palette shows comes with its first use; the shell carries only this.
const Box = lazy(() => import("./palette_box"));

let open: { typed: string } | null = null;
const told = new Told();

function set(next: typeof open): void {
  open = next;
  told.tell();
}

/** `typed`: what stands in its field already, such as "trigger ". */
export function openPalette(typed = ""): void {
  set({ typed });
}

const SETTLED_MS = 800;

/** Keeps where the reader has been; a page that was only passed through isn't a place. */
function useRecording(): void {
  const [path] = useLocation();
  useEffect(() => {
    const timer = setTimeout(() => {
      const label = document.title.replace(/ · Millrace$/, "");
      if (label && !label.startsWith("Not found")) keepPlace({ path, label });
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [path]);
}

/** Go anywhere: DAGs, runs by their date, datasets, backfills, pages, actions. */
export function Palette() {
  const shown = useSyncExternalStore(told.subscribe, () => open);
  const [dialog, act] = useDialogs();
  useRecording();
  return (
    <>
      {shown && <Suspense fallback={null}><Box typed={shown.typed} act={act} onClose={() => set(null)} /></Suspense>}
      {dialog}
    </>
  );
}
