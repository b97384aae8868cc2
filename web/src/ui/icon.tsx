import {
  Activity, ArrowDown, ArrowDownToLine, ArrowUp, Ban, Check, ChevronDown, ChevronLeft, ChevronRight, CircleHelp, Clock, Copy, Cpu,
  Database, Ellipsis, ExternalLink, FileCode, FileText, GitCompareArrows, House, KeyRound, Keyboard, ListFilter,
  type LucideIcon, Maximize2, Menu, Minus, Moon, Pause, Play, Plus, RotateCcw, Search, Settings, Sun, Table2,
  TriangleAlert, Waypoints, WrapText, X, Rows3, History, Pencil, StickyNote, Link2, Trash2, LogOut, Eraser,
} from "lucide-react";

const ICONS = {
  activity: Activity, down: ArrowDown, download: ArrowDownToLine, up: ArrowUp, ban: Ban, check: Check,
  chevron: ChevronDown, chevron_left: ChevronLeft, chevron_right: ChevronRight, help: CircleHelp, clock: Clock, copy: Copy, capacity: Cpu,
  datasets: Database, more: Ellipsis, external: ExternalLink, code: FileCode, events: FileText,
  compare: GitCompareArrows, overview: House, key: KeyRound, keyboard: Keyboard, filter: ListFilter,
  maximize: Maximize2, menu: Menu, minus: Minus, moon: Moon, pause: Pause, play: Play, plus: Plus, retry: RotateCcw,
  search: Search, settings: Settings, sun: Sun, table: Table2, warning: TriangleAlert, dags: Waypoints,
  wrap: WrapText, close: X, runs: Rows3, backfills: History, edit: Pencil, note: StickyNote, link: Link2,
  trash: Trash2, log_out: LogOut, clear: Eraser,
} satisfies Record<string, LucideIcon>;
export type IconName = keyof typeof ICONS;

/** Always beside a word or inside a control that has a name: it says nothing to a screen reader. */
export function Icon({ name, size = 15 }: { name: IconName; size?: number }) {
  const Drawn = ICONS[name];
  return <Drawn size={size} strokeWidth={1.7} aria-hidden />;
}
