import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react";
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

/** Letters that are typed before its box has come are the box's, and no commands of the page. */
function collect(event: KeyboardEvent): void {
  if (!open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") set(null);
  else if (event.key.length === 1) set({ typed: open.typed + event.key });
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
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
  const [here, setHere] = useState(false);
  const coming = shown !== null && !here;
  useEffect(() => {
    if (!coming) return;
    window.addEventListener("keydown", collect, true);
    return () => window.removeEventListener("keydown", collect, true);
  }, [coming]);
  useRecording();
  return (
    <>
      {shown && <Suspense fallback={null}><Box typed={shown.typed} act={act} onHere={setHere} onClose={() => set(null)} /></Suspense>}
      {dialog}
    </>
  );
}
