import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";

import { read } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { retryStream, setFrozen, useFrozen, useStreamStatus, useTopic } from "@/api/stream";
import { count, duration } from "@/model/time";

import { Button, IconButton } from "./controls";
import { Icon, type IconName } from "./icon";
import { type Shortcut, useKeys } from "./keys";
import { Menu } from "./menu";
import { openPalette, Palette } from "./palette";
import { setPreferences } from "./preferences";
import { openShortcuts, ShortcutsDialog } from "./shortcuts";
import css from "./shell.module.css";
import { setTheme, useTheme } from "./theme";
import { Tip } from "./tip";
import { setQuery, useGo } from "./url";
import { browserZone, useDagZone, useNow, useZone, zoneLabel } from "./zone";

interface Place {
  path: string;
  key: string;
  icon: IconName;
  label: string;
}
const PLACES: (Place | string)[] = [
  { path: "/", key: "o", icon: "overview", label: "Overview" },
  { path: "/dags", key: "d", icon: "dags", label: "DAGs" },
  { path: "/runs", key: "r", icon: "runs", label: "Runs" },
  { path: "/backfills", key: "b", icon: "backfills", label: "Backfills" },
  "Data",
  { path: "/datasets", key: "l", icon: "datasets", label: "Datasets" },
  "Capacity",
  { path: "/capacity", key: "c", icon: "capacity", label: "Pools & devices" },
  "System",
  { path: "/event-log", key: "e", icon: "events", label: "Event log" },
  { path: "/settings", key: "s", icon: "settings", label: "Settings" },
];

export function Brand() {
  return (
    <Link href="/" className={css.brand}>
      <svg width="20" height="20" viewBox="0 0 20 20" fill="none" aria-hidden>
        <path d="M4 5h5l3 5-3 5H4" stroke="var(--ink)" strokeWidth="1.7" strokeLinejoin="round" strokeLinecap="round" />
        <circle cx="15.5" cy="10" r="2.4" fill="var(--success)" />
      </svg>
      millrace
    </Link>
  );
}

function useCounts(): Record<string, number | undefined> {
  const overview = useQuery({ ...read("/api/v2/ui/overview", { query: { window: "6h" } }), staleTime: 10_000 }).data;
  const backfills = useQuery({ ...read("/api/v2/backfills", { query: { order_by: "-id", limit: 50 } }), staleTime: 10_000 }).data;
  // Hundreds of runs a second may end: a number beside a word needn't follow each.
  useTopic("overview", () => renewSoon(2_000, "/api/v2/ui/overview", "/api/v2/backfills"));
  const counters = overview?.counters;
  return {
    "/dags": counters?.dags,
    "/runs": counters && counters.runs_running + counters.runs_queued,
    "/backfills": backfills?.backfills.filter((backfill) => !backfill.completed_at).length,
  };
}

function Sidebar({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [path] = useLocation();
  const counts = useCounts();
  return (
    <>
      {open && <button type="button" className={css.sideVeil} aria-label="Close the menu" onClick={onClose} />}
      <aside className={css.side} data-open={open}>
        <Brand />
        <nav className={css.nav} aria-label="Main">
          {PLACES.map((place) => {
            if (typeof place === "string") return <h2 key={place}>{place}</h2>;
            const here = place.path === "/" ? path === "/" : path === place.path || path.startsWith(`${place.path}/`);
            const number = counts[place.path];
            return (
              <Link key={place.path} href={place.path} aria-current={here ? "page" : undefined} onClick={onClose}>
                <Icon name={place.icon} />
                {place.label}
                {number ? <span className={css.number}>{count(number)}</span> : null}
              </Link>
            );
          })}
        </nav>
        <Live />
      </aside>
    </>
  );
}

/** How old the page is. Amber after five seconds without the stream; what is shown is then read anew by itself. */
function Live() {
  const { liveness, heardAt, lostAt, retryAt, tabs } = useStreamStatus();
  const now = useNow();
  const frozen = useFrozen();
  const lost = liveness === "offline" && lostAt !== null && now - lostAt > 5000;
  const next = retryAt ? Math.max(0, Math.ceil((retryAt - now) / 1000)) : 0;
  return (
    <div className={css.live}>
      <div className="row gap6">
        <span className={css.dot} data-state={frozen !== null ? "frozen" : lost ? "lost" : liveness} />
        <span>{frozen !== null ? "Paused" : lost ? "Polling" : liveness === "live" ? "Live" : "Connecting"}</span>
        <span className="space" />
        {heardAt && !lost && <span className="dim">{now - heardAt < 1500 ? "just now" : `${duration(Math.round((now - heardAt) / 1000))} ago`}</span>}
        <IconButton icon={frozen === null ? "pause" : "play"} size={12} label={frozen === null ? "Pause updates (.)" : "Show updates (.)"} onClick={() => setFrozen(frozen === null)} />
      </div>
      {frozen !== null && <div className="dim">{frozen === 1 ? "1 change waits" : `${count(frozen)} changes wait`}</div>}
      {lost && <div className="dim">Not live for {duration(Math.round((now - lostAt) / 1000))}, next try in {next} s. <button type="button" className={css.textButton} onClick={retryStream}>Try now</button></div>}
      {!lost && frozen === null && <div className="dim">{tabs > 1 ? `1 stream, shared by ${tabs} tabs` : "1 stream"}</div>}
    </div>
  );
}

function ZoneMenu() {
  const { choice, zone } = useZone();
  const dagZone = useDagZone();
  const pick = (next: "UTC" | "browser" | "dag") => () => {
    setPreferences({ zone: next });
    setQuery({ tz: new URLSearchParams(location.search).has("tz") ? next : null });
  };
  return (
    <Menu
      entries={[
        { kind: "label", label: "Show instants in" },
        { label: "UTC", checked: choice === "UTC", act: pick("UTC") },
        { label: `This browser: ${zoneLabel(browserZone())}`, checked: choice === "browser", act: pick("browser") },
        { label: dagZone ? `The DAG: ${zoneLabel(dagZone)}` : "The DAG's zone, where there is one", checked: choice === "dag", act: pick("dag") },
        { kind: "line" },
        { kind: "label", label: "Execution dates stay in their DAG's zone" },
      ]}
    >
      <button type="button" className={css.topButton}>
        <span className="hidden">Zone of instants:</span>
        <Icon name="clock" />{zoneLabel(zone)}
        {dagZone && dagZone !== zone && <span className={`dim ${css.wide}`}>· DAG {zoneLabel(dagZone)}</span>}
      </button>
    </Menu>
  );
}

function ThemeButton() {
  const dark = useTheme() === "dark";
  return <IconButton icon={dark ? "sun" : "moon"} label={dark ? "Light theme" : "Dark theme"} onClick={() => setTheme(dark ? "light" : "dark")} />;
}

/** `crumbs`: from the outermost to this page; the last has no link. */
export function Page({ crumbs, children, className = "" }: { crumbs: { label: string; href?: string }[]; children: ReactNode; className?: string }) {
  const title = crumbs.map((crumb) => crumb.label).reverse().join(" · ");
  useEffect(() => {
    document.title = `${title} · Millrace`;
  }, [title]);
  const [menu, setMenu] = useState(false);
  const above = crumbs.at(-2);
  return (
    <div className={css.app}>
      <a className={css.skip} href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>Skip to the page</a>
      <Sidebar open={menu} onClose={() => setMenu(false)} />
      <header className={css.top}>
        <span className={css.menuButton}><IconButton icon="menu" label="Menu" onClick={() => setMenu(true)} /></span>
        {above?.href && <Link href={above.href} className={css.up} aria-label={`Up to ${above.label}`}><Icon name="chevron_left" size={16} /></Link>}
        <nav className={css.crumbs} aria-label="Breadcrumbs">
          {crumbs.map((crumb, index) => index === crumbs.length - 1
            ? <b key={index} className="ellipsis" aria-current="page">{crumb.label}</b>
            : <span key={index} className="row gap6"><Link href={crumb.href ?? "/"} className="ellipsis">{crumb.label}</Link><Icon name="chevron_right" size={11} /></span>)}
        </nav>
        <span className="space" />
        <button type="button" className={css.search} onClick={() => openPalette()}>
          <span className="hidden">Go to DAG, run, dataset</span>
          <Icon name="search" size={14} /><span className={css.wide} aria-hidden>Go to DAG, run, dataset…</span><span className="space" /><kbd className={css.wide} aria-hidden>{/Mac/.test(navigator.platform) ? "⌘K" : "Ctrl K"}</kbd>
        </button>
        <ZoneMenu />
        <Tip text="Keyboard shortcuts">
          <button type="button" className={`${css.topButton} ${css.wide}`} onClick={openShortcuts}>
            <span className="hidden">Keyboard shortcuts</span><Icon name="keyboard" /><kbd aria-hidden>?</kbd>
          </button>
        </Tip>
        <ThemeButton />
      </header>
      <main id="main" tabIndex={-1} className={`${css.page} ${className}`}>{children}</main>
      <Palette />
      <ShortcutsDialog />
    </div>
  );
}

/** Keys that work on every page. */
export function GlobalKeys() {
  const go = useGo();
  const frozen = useFrozen();
  const list: Shortcut[] = [
    { keys: "$mod+k", says: "Go anywhere", act: () => openPalette() },
    { keys: "Shift+?", says: "All keys", act: openShortcuts },
    { keys: ".", says: "Pause or show updates", act: () => setFrozen(frozen === null) },
    ...PLACES.filter((place): place is Place => typeof place !== "string").map((place) => ({
      keys: `g ${place.key}`, says: place.label, act: () => go(place.path),
    })),
  ];
  useKeys(list);
  return null;
}

/** The title row of a page: name, facts, and what can be done. */
export function PageHead({ title, about, children }: { title: ReactNode; about?: ReactNode; children?: ReactNode }) {
  return (
    <div className={css.head}>
      <h1 className="ellipsis">{title}</h1>
      {about}
      <span className="space" />
      {children && <span className={css.acts}>{children}</span>}
    </div>
  );
}

export function NotFound({ what, children }: { what: string; children?: ReactNode }) {
  const go = useGo();
  return (
    <Page crumbs={[{ label: "Not found" }]}>
      <PageHead title="Not found" />
      <p>{what}</p>
      {children}
      <div className="row gap8"><Button onClick={() => history.back()}>Back</Button><Button onClick={() => go("/")}>Overview</Button></div>
    </Page>
  );
}
