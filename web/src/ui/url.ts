import { useCallback, useEffect, useMemo, useRef } from "react";
import { useLocation, useSearch } from "wouter";
import { navigate } from "wouter/use-browser-location";

// The URL is the state of the screen: what a link shows is what its sender saw.

/** `path` with these query parameters; those that are null, undefined or "" are left out. */
export function link(path: string, query: Record<string, string | number | null | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

/** A path from its pieces, each encoded: `at("dags", dagId, "runs", runId)`. */
export function at(...pieces: string[]): string {
  return `/${pieces.map(encodeURIComponent).join("/")}`;
}

/** Changes query parameters of the current page and keeps the others. `push`: a step that "back" undoes. */
export function setQuery(changes: Record<string, string | number | null | undefined>, how: "push" | "replace" = "replace") {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") search.delete(name);
    else search.set(name, String(value));
  }
  const text = search.toString();
  const next = `${location.pathname}${text ? `?${text}` : ""}`;
  if (next === location.pathname + location.search) return;
  navigate(next, how === "replace" ? { replace: true, state: history.state } : {});
}

/** One query parameter as state. What equals `fallback` isn't in the URL. */
export function useParam(name: string, fallback = ""): [string, (value: string | null, how?: "push" | "replace") => void] {
  const search = useSearch();
  const value = useMemo(() => new URLSearchParams(search).get(name) ?? fallback, [search, name, fallback]);
  const set = useCallback(
    (next: string | null, how: "push" | "replace" = "replace") => setQuery({ [name]: next === fallback ? null : next }, how),
    [name, fallback],
  );
  return [value, set];
}

export function useGo(): (to: string) => void {
  const [, go] = useLocation();
  return go;
}

interface Places {
  scroll?: Record<string, number>;
}

/** Gives a scrolling element its place back when the reader returns to this entry of the history. */
export function useKeptScroll<E extends HTMLElement>(name: string) {
  const element = useRef<E>(null);
  useEffect(() => {
    const box = element.current;
    if (!box) return;
    let wanted = (history.state as Places | null)?.scroll?.[name] ?? 0;
    // The content comes later than the element: try again as it grows, until it fits or the reader scrolls.
    const restore = () => {
      if (!wanted) return;
      box.scrollTop = wanted;
      if (Math.abs(box.scrollTop - wanted) <= 1) wanted = 0;
    };
    const watch = new MutationObserver(restore);
    watch.observe(box, { childList: true, subtree: true });
    restore();
    let frame = 0;
    const keep = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        if (wanted) return;
        const state = (history.state ?? {}) as Places;
        history.replaceState({ ...state, scroll: { ...state.scroll, [name]: box.scrollTop } }, "");
      });
    };
    const touched = () => (wanted = 0);
    box.addEventListener("scroll", keep, { passive: true });
    box.addEventListener("wheel", touched, { passive: true });
    box.addEventListener("keydown", touched);
    return () => {
      watch.disconnect();
      cancelAnimationFrame(frame);
      box.removeEventListener("scroll", keep);
      box.removeEventListener("wheel", touched);
      box.removeEventListener("keydown", touched);
    };
  }, [name]);
  return element;
}
