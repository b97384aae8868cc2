import { useStreamStatus } from "@/api/stream";
import { bytes, count } from "@/model/time";

import { Button } from "./controls";
import { type Lines, useTold } from "./log_hooks";
import type { LogItems } from "./log_items";
import type { LogScroller } from "./log_scroller";
import type { LogSource } from "./log_source";
import css from "./log_view.module.css";

interface Props {
  source: LogSource;
  scroller: LogScroller;
  /** Its task may still write. */
  live: boolean;
  items: LogItems;
  chosen: Lines | null;
  onCopyLink: () => void;
  onCopyLines: () => void;
  onClear: () => void;
}

/** The line at the top of the view. */
export function topLineOf(scroller: LogScroller, items: LogItems): number {
  return items.count ? items.lineOf(Math.min(scroller.anchor.item, items.count - 1)) : 0;
}

function Standing({ scroller, live, items }: Pick<Props, "scroller" | "live" | "items">) {
  useTold(scroller);
  const topLine = topLineOf(scroller, items);
  const lost = useStreamStatus().liveness === "offline";
  if (!live) return <span className="row gap6"><span className={css.dot} />{scroller.following ? "At its end" : `From line ${count(topLine + 1)}`}</span>;
  return (
    <span className="row gap6">
      <span className={css.dot} data-live={scroller.following} />
      <b>{scroller.following ? (lost ? "Following, every 3 s" : "Following") : `Held at line ${count(topLine + 1)}`}</b>
    </span>
  );
}

export function LogFoot({ source, scroller, live, items, chosen, onCopyLink, onCopyLines, onClear }: Props) {
  const lines = chosen ? chosen.last - chosen.first + 1 : 0;
  return (
    <footer className={css.foot}>
      <Standing scroller={scroller} live={live} items={items} />
      <span>{count(source.rows)} {source.rows === 1 ? "line" : "lines"} · {bytes(source.size)}</span>
      <span className="space" />
      {chosen ? (
        <span className="row gap6">
          <span>{lines === 1 ? `Line ${count(chosen.first + 1)}` : `${count(lines)} lines`}</span>
          <Button small look="ghost" icon="link" onClick={onCopyLink}>Copy link</Button>
          <Button small look="ghost" icon="copy" onClick={onCopyLines}>Copy</Button>
          <Button small look="ghost" onClick={onClear}>Clear</Button>
        </span>
      ) : (
        <span className={css.hints} aria-hidden>
          <span className="row gap6"><kbd>E</kbd> first error</span>
          <span className="row gap6"><kbd>/</kbd> search</span>
          <span className="row gap6"><kbd>⇧G</kbd> end</span>
        </span>
      )}
    </footer>
  );
}
