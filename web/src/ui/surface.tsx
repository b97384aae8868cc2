import type { ReactNode, Ref } from "react";
import { Link } from "wouter";

import { toState, toneOf, wordOf } from "@/model/states";

import { Glyph } from "./glyph";
import css from "./surface.module.css";

interface CardProps {
  title?: ReactNode;
  /** Beside the title: dim words, tags. */
  about?: ReactNode;
  /** At the header's end: filters, buttons. */
  tools?: ReactNode;
  foot?: ReactNode;
  children: ReactNode;
  className?: string;
  label?: string;
}

export function Card({ title, about, tools, foot, children, className = "", label }: CardProps) {
  return (
    <section className={`${css.card} ${className}`} aria-label={label ?? (typeof title === "string" ? title : undefined)}>
      {(title || tools) && (
        <header>
          {title && <h2>{title}</h2>}
          {about}
          <span className="space" />
          {tools}
        </header>
      )}
      {children}
      {foot && <footer>{foot}</footer>}
    </section>
  );
}

/** The scrolling part of a card. A keyboard can scroll it. */
export function CardBody({ children, label, className = "", pad, ref }: { children: ReactNode; label: string; className?: string; pad?: boolean; ref?: Ref<HTMLDivElement> }) {
  return <div ref={ref} className={`${css.body} ${pad ? css.pad : ""} ${className}`} tabIndex={0} role="region" aria-label={label}>{children}</div>;
}

export function Tag({ children, title }: { children: ReactNode; title?: string }) {
  return <span className={css.tag} title={title}>{children}</span>;
}

/** A state in its tint: glyph and word. */
export function StateChip({ state, text }: { state: string | null | undefined; text?: string }) {
  const known = toState(state);
  const tone = toneOf(known);
  const style = tone === "none" ? {} : { background: `var(--${tone}-b)`, color: `var(--${tone}-t)` };
  return <span className={css.chip} style={style}><Glyph state={known} size={12} label="" />{text ?? wordOf(known)}</span>;
}

/** A glyph with its word in plain ink: legends, counts. */
export function StateWord({ state, text }: { state: string | null | undefined; text?: ReactNode }) {
  const known = toState(state);
  return <span className="row gap6 nowrap"><Glyph state={known} size={13} label="" />{text ?? wordOf(known)}</span>;
}

export interface TabEntry {
  href: string;
  label: string;
  count?: ReactNode;
  current: boolean;
}

/** Pages of one thing: links, so that each has an address. */
export function PageTabs({ label, tabs }: { label: string; tabs: TabEntry[] }) {
  return (
    <nav className={css.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.label} href={tab.href} aria-current={tab.current ? "page" : undefined}>
          {tab.label}
          {tab.count !== undefined && tab.count !== null && <span className={css.count}>{tab.count}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** Shares of a whole, in the colours of states or of `--token`s. */
export function Bar({ parts, label, width }: { parts: { value: number; color: string }[]; label: string; width?: number | string }) {
  const whole = parts.reduce((sum, part) => sum + part.value, 0) || 1;
  return (
    <span className={css.bar} role="img" aria-label={label} style={{ width }}>
      {parts.filter((part) => part.value > 0).map((part, index) => (
        <i key={index} style={{ width: `${(100 * part.value) / whole}%`, background: part.color }} />
      ))}
    </span>
  );
}

/** A number in words, and what it counts. */
export function Figure({ label, value, unit, children }: { label: string; value: ReactNode; unit?: ReactNode; children?: ReactNode }) {
  return (
    <div className={css.figure}>
      <div className={css.figureLabel}>{label}</div>
      <div className={css.figureValue}>{value}{unit && <small>{unit}</small>}</div>
      {children && <div className={css.figureMore}>{children}</div>}
    </div>
  );
}
