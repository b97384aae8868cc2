import { type CSSProperties, type RefObject, useEffect, useLayoutEffect, useRef } from "react";

import { ROW_PX } from "@/model/log_scroll";

import { type Lines, useTold } from "./log_hooks";
import type { LogItems } from "./log_items";
import { LogRow } from "./log_row";
import type { LogScroller } from "./log_scroller";
import type { LogSource } from "./log_source";
import css from "./log_view.module.css";

interface Props {
  scroller: LogScroller;
  source: LogSource;
  items: LogItems;
  query: string;
  chosen: Lines | null;
  current: number;
  stamps: boolean;
  wrap: boolean;
  onWhole: (line: number) => void;
  /** The last of the items is in the view. */
  onLast: () => void;
}

const CHARACTER_PX = 7.05;

/** The element's size, told to the scroller; heights of wrapped lines are those of one width. */
export function useFit(box: RefObject<HTMLDivElement | null>, scroller: LogScroller, count: number, wrap: boolean): void {
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    scroller.attach(element);
    let width = element.clientWidth;
    const watch = new ResizeObserver(() => {
      if (element.clientWidth !== width) scroller.widthChanged();
      width = element.clientWidth;
      scroller.fit(scroller.count, element.clientHeight);
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      scroller.attach(null);
    };
  }, [box, scroller]);
  useLayoutEffect(() => {
    scroller.wrap(wrap);
    scroller.fit(count, box.current?.clientHeight ?? 0);
  }, [scroller, wrap, count, box]);
}

/** The lines in the view, on a layer that stays in place: the scroll bar moves the anchor, the anchor moves the lines. */
export function LogRows(props: Props) {
  const { scroller, source, items, query, chosen, current, stamps, wrap, onWhole, onLast } = props;
  const layer = useRef<HTMLDivElement>(null);
  useTold(scroller);
  const { first, last } = scroller.drawn;
  const lines: number[] = [];
  for (let item = first; item < Math.min(last, items.count); item += 1) lines.push(items.lineOf(item));
  const texts = lines.map((line) => source.text(line));
  useEffect(() => {
    source.want(lines);
    if (last >= items.count) onLast();
  });
  useLayoutEffect(() => {
    const rows = layer.current;
    if (!rows) return;
    if (wrap) scroller.measured([...rows.children].map((row, index): [number, number] => [first + index, (row as HTMLElement).getBoundingClientRect().height]));
    const anchor = rows.children[scroller.anchor.item - first] as HTMLElement | undefined;
    const above = wrap ? (anchor?.offsetTop ?? 0) : (scroller.anchor.item - first) * ROW_PX;
    rows.style.transform = `translateY(${-(above + scroller.anchor.px)}px)`;
    scroller.sync();
  });

  const style: CSSProperties & Record<`--${string}`, string> = {
    height: scroller.view,
    "--number": `${Math.max(52, Math.ceil(String(source.rows).length * CHARACTER_PX) + 24)}px`,
    "--stamp": stamps && source.stampCharacters ? `${Math.ceil(source.stampCharacters * CHARACTER_PX) + 21}px` : "0px",
  };
  return (
    <div style={{ height: Math.max(scroller.height, scroller.view) }}>
      <div className={css.layer} style={style}>
        <div ref={layer} className={css.rows}>
          {lines.map((line, index) => (
            <LogRow
              key={line} line={line} text={texts[index]!} query={query} stamps={stamps} onWhole={onWhole}
              chosen={chosen !== null && line >= chosen.first && line <= chosen.last} current={line === current}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

