import { type ReactNode, useEffect, useState } from "react";

import { ApiError } from "@/api/client";

import { Button } from "./controls";
import { Icon } from "./icon";
import css from "./notes.module.css";

/** Nothing for 150 ms (most answers are there by then), then grey lines where the content will be. */
export function Loading({ lines = 4, height = 36 }: { lines?: number; height?: number }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={css.loading} aria-busy="true" data-late={late}>
      <span className="hidden">Loading</span>
      {late && Array.from({ length: lines }, (_, index) => <i key={index} style={{ height: height - 12, width: `${92 - ((index * 17) % 40)}%` }} />)}
    </div>
  );
}

/** In the place of what failed: what the API said, its advice, and a way to try again. The rest of the page works on. */
export function ErrorNote({ error, onRetry, what }: { error: unknown; onRetry?: () => void; what?: string }) {
  const known = error instanceof ApiError ? error : null;
  const text = known?.message ?? (error instanceof Error ? error.message : String(error));
  return (
    <div className={css.error} role="alert">
      <Icon name="warning" size={16} />
      <div>
        <p className="strong">{what ? `${what}: ${text}` : text}</p>
        {known?.errors.map((fault, index) => (
          <p key={index} className="mid">{fault.line ? `line ${fault.line}${fault.column ? `:${fault.column}` : ""}: ` : fault.loc?.length ? `${fault.loc.join(".")}: ` : ""}{fault.msg}</p>
        ))}
        {known?.hint && <p className="mid">{known.hint}</p>}
        {known?.requestId && <p className="dim small mono">request {known.requestId}</p>}
        {onRetry && <Button small icon="retry" onClick={onRetry}>Try again</Button>}
      </div>
    </div>
  );
}

/** What would be here, one button, one line for the terminal. */
export function Empty({ title, children, command }: { title: string; children?: ReactNode; command?: string }) {
  return (
    <div className={css.empty}>
      <p className="mid strong">{title}</p>
      {command && <code className="mono">{command}</code>}
      {children}
    </div>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** Loading, failed or there. Old data stay while new ones load or fail: nothing flashes. */
export function Shown<T>({ query, what, lines, children }: { query: Asked<T>; what?: string; lines?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <ErrorNote error={query.error} {...(what ? { what } : {})} onRetry={() => void query.refetch()} />;
  return <Loading {...(lines ? { lines } : {})} />;
}
