import { useSyncExternalStore } from "react";

import { Dialog } from "./dialog";
import { useShortcuts } from "./keys";
import css from "./shortcuts.module.css";
import { Told } from "./told";

let open = false;
const told = new Told();

function set(next: boolean): void {
  open = next;
  told.tell();
}

export function openShortcuts(): void {
  set(true);
}

function shown(keys: string): string[] {
  return keys.replace("$mod", /Mac/.test(navigator.platform) ? "⌘" : "Ctrl").replace("Shift+?", "?").split(/[ +]/);
}

/** Every key that works on the page as it stands. */
export function ShortcutsDialog() {
  const isOpen = useSyncExternalStore(told.subscribe, () => open);
  const keys = useShortcuts();
  return (
    <Dialog title="Keyboard" open={isOpen} onClose={() => set(false)}>
      <dl className={css.list}>
        {isOpen && keys.map((shortcut) => (
          <div key={shortcut.keys}>
            <dt>{shortcut.says}</dt>
            <dd>{shown(shortcut.keys).map((key, index) => <kbd key={index}>{key}</kbd>)}</dd>
          </div>
        ))}
      </dl>
      <p className="dim small">Single letters can be switched off in the settings.</p>
    </Dialog>
  );
}
