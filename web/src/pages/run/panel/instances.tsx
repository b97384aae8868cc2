import { useQueries } from "@tanstack/react-query";
import { useRef } from "react";

import { wordOf } from "@/model/states";
import { type Instance, lengthOf } from "@/model/run_timeline";
import { itemText } from "@/model/run_rows";
import { duration } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { useWindow } from "@/ui/window";

import { pagesOf, readItems } from "../live";
import { select } from "../selection";
import type { RunView } from "../view";
import css from "./panel.module.css";

const ROW = 32;

/** The instances of a mapped task, each by its value; those that failed first. */
export function Instances({ view, members }: { view: RunView; members: Instance[] }) {
  const box = useRef<HTMLDivElement>(null);
  const seen = useWindow(box, members.length, ROW);
  const order = members.toSorted((a, b) => Number(b.state === "failed") - Number(a.state === "failed") || a.mapIndex - b.mapIndex);
  const visible = order.slice(seen.first, seen.end);
  const pages = pagesOf(visible);
  const items = useQueries({ queries: pages.map((page) => readItems(view.dagId, view.runId, page.task, page.mapIndex)) });
  const itemOf = (index: number) => items.find((page) => page.data?.has(index))?.data?.get(index);
  return (
    <div ref={box} className={css.instances} tabIndex={0} role="region" aria-label="Instances">
      <ul style={{ height: order.length * ROW }}>
        {visible.map((member, index) => {
          const ms = lengthOf(member, view.now);
          const item = itemOf(member.mapIndex);
          return (
            <li key={member.key} style={{ top: (seen.first + index) * ROW }}>
              <button type="button" onClick={() => select(member.task, member.mapIndex)}>
                <Glyph state={member.state} size={13} label="" />
                <span className={`ellipsis ${css.itemName}`}>{item === undefined ? `[${member.mapIndex}]` : itemText(item)}</span>
                <span className="dim">{wordOf(member.state).toLowerCase()}</span>
                <span className="space" />
                <span className="dim">{ms === null ? "" : duration(ms / 1000)}</span>
                <span className={`dim mono ${css.number}`}>[{member.mapIndex}]</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
