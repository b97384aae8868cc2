import { count } from "@/model/time";

import { IconButton } from "./controls";

interface Props {
  offset: number;
  limit: number;
  /** Rows on this page. */
  shown: number;
  total: number;
  /** The total is a lower bound: there may be more. */
  more?: boolean | undefined;
  onOffset: (offset: number) => void;
}

/** `1 to 50 of 1,234`, and the way to the pages beside it. */
export function Pager({ offset, limit, shown, total, more, onOffset }: Props) {
  if (offset === 0 && shown >= total && !more) return null;
  return (
    <nav className="row gap4 nowrap" aria-label="Pages of the list">
      <span>{shown ? `${count(offset + 1)} to ${count(offset + shown)}` : "none"} of {more ? "more than " : ""}{count(total)}</span>
      <IconButton icon="chevron_left" size={13} label="Page before" disabled={offset === 0} onClick={() => onOffset(Math.max(0, offset - limit))} />
      <IconButton icon="chevron_right" size={13} label="Next page" disabled={offset + shown >= total && !more} onClick={() => onOffset(offset + limit)} />
    </nav>
  );
}
