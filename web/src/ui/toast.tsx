import { useSyncExternalStore } from "react";

import { ApiError } from "@/api/client";

import { Button, IconButton } from "./controls";
import { Icon } from "./icon";
import css from "./notes.module.css";
import { Told } from "./told";

interface Toast {
  id: number;
  kind: "good" | "bad";
  text: string;
  action?: { label: string; act: () => void };
}

let toasts: Toast[] = [];
let next = 0;
const told = new Told();

function set(changed: Toast[]): void {
  toasts = changed;
  told.tell();
}

function drop(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

/** Says what an action did; `action` may take it back. Bad news stays until it is closed. */
export function toast(text: string, options: { kind?: "good" | "bad"; action?: Toast["action"] } = {}): void {
  const id = ++next;
  const { kind = "good", action } = options;
  set([...toasts.slice(-3), action ? { id, kind, text, action } : { id, kind, text }]);
  if (kind === "good") setTimeout(() => drop(id), 8_000);
}

/** What the API refused, with its hint. */
export function toastError(error: unknown, what = ""): void {
  const text = error instanceof Error ? error.message : String(error);
  const hint = error instanceof ApiError && error.hint ? ` ${error.hint}` : "";
  toast(`${what ? `${what}: ` : ""}${text}${hint}`, { kind: "bad" });
}

export function Toasts() {
  const shown = useSyncExternalStore(told.subscribe, () => toasts);
  return (
    <div className={css.toasts} role="status" aria-live="polite">
      {shown.map((each) => (
        <div key={each.id} className={css.toast} data-kind={each.kind}>
          <Icon name={each.kind === "bad" ? "warning" : "check"} />
          <p>{each.text}</p>
          {each.action && (
            <Button small onClick={() => {
              each.action!.act();
              drop(each.id);
            }}>{each.action.label}</Button>
          )}
          <IconButton icon="close" label="Close" size={13} onClick={() => drop(each.id)} />
        </div>
      ))}
    </div>
  );
}
