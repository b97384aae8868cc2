import { Dialog as Radix } from "radix-ui";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";

import type { Action } from "@/actions/use_dialogs";

import { Glyph } from "./glyph";
import { Icon } from "./icon";
import overlay from "./overlay.module.css";
import css from "./palette.module.css";
import { type Item, useItems } from "./palette_items";
import { useGo } from "./url";

interface Props {
  typed: string;
  act: (action: Action) => void;
  /** While it is there. */
  onHere: (here: boolean) => void;
  onClose: () => void;
}

/** A field with the list of what fits it (the combobox of ARIA): the focus stays in the field, the arrows move the choice. */
export default function PaletteBox({ typed, act, onHere, onClose }: Props) {
  const [text, setText] = useState(typed);
  const [chosen, setChosen] = useState(0);
  const groups = useItems(text, act);
  const items = groups.flatMap((group) => group.items);
  const current = Math.min(chosen, items.length - 1);
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const go = useGo();
  useEffect(() => {
    onHere(true);
    return () => onHere(false);
  }, [onHere]);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current, text]);

  const pick = (item: Item | undefined, apart = false) => {
    if (!item) return;
    if (item.to && apart) {
      window.open(item.to, "_blank", "noopener");
      return;
    }
    onClose();
    if (item.to) go(item.to);
    else item.act?.();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && items.length) {
      event.preventDefault();
      setChosen((current + step + items.length) % items.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      pick(items[current], event.ctrlKey || event.metaKey);
    }
  };
  return (
    <Radix.Root open onOpenChange={(next) => next || onClose()}>
      <Radix.Portal>
        <div className={overlay.veil} aria-hidden />
        <Radix.Content
          className={`${overlay.dialog} ${css.box}`} aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            // By itself it would select what is typed already: the next letter would take it away.
            event.preventDefault();
            field.current?.focus();
            field.current?.setSelectionRange(typed.length, typed.length);
          }}
        >
          <Radix.Title className="hidden">Go anywhere</Radix.Title>
          <div className={css.field}>
            <Icon name="search" size={16} />
            <input
              ref={field}
              role="combobox" aria-label="DAG, run, dataset, page or action" aria-expanded aria-controls="palette-list" aria-autocomplete="list"
              aria-activedescendant={items[current] ? `palette-${current}` : undefined} placeholder="DAG, run by date, dataset, page, action…"
              autoComplete="off" spellCheck={false} value={text} onKeyDown={onKeyDown}
              onChange={(event) => {
                setText(event.target.value);
                setChosen(0);
              }}
            />
          </div>
          <div id="palette-list" role="listbox" aria-label="What fits" className={css.list} ref={list} tabIndex={-1}>
            {groups.map((group) => (
              <div key={group.label} role="group" aria-label={group.label}>
                <div className={overlay.label} aria-hidden>{group.label}</div>
                {group.items.map((item) => {
                  const mine = items.indexOf(item);
                  return (
                    <div
                      key={item.id} id={`palette-${mine}`} role="option" aria-selected={mine === current} tabIndex={-1} className={css.option}
                      onPointerMove={() => setChosen(mine)} onClick={(event) => pick(item, event.ctrlKey || event.metaKey)} onKeyDown={onKeyDown}
                    >
                      {item.state ? <Glyph state={item.state} size={14} /> : <Icon name={item.icon ?? "search"} size={14} />}
                      <span className="ellipsis">{item.label}</span>
                      <span className="space" />
                      {item.hint && <span className="dim small ellipsis">{item.hint}</span>}
                    </div>
                  );
                })}
              </div>
            ))}
          </div>
          {!items.length && <p className={`dim ${css.none}`}>Nothing has “{text.trim()}” in its name.</p>}
          <footer className={css.foot} aria-hidden>
            <span><kbd>↑</kbd> <kbd>↓</kbd> choose</span><span><kbd>Enter</kbd> open</span><span><kbd>esc</kbd> close</span>
            <span className="space" /><span>a run: <span className="mono">dag 2001-01-05</span></span>
          </footer>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
