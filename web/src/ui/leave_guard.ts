import { useEffect, useRef, useState } from "react";

import { useGo } from "./url";

interface NavigateEvent extends Event {
  canIntercept: boolean;
  cancelable: boolean;
  destination: { url: string };
  navigationType: string;
}

/**
 * While `dirty`, leaving the page asks first: `asking` is where the reader wanted to go. Within the pages the question is ours (where
 * the browser tells of navigations: the others rely on the kept draft); closing the tab is the browser's own question.
 */
export function useLeaveGuard(dirty: boolean): { asking: string | null; stay: () => void; leave: () => void } {
  const [asking, setAsking] = useState<string | null>(null);
  const allowed = useRef(false);
  const go = useGo();
  useEffect(() => {
    if (!dirty) return;
    const unload = (event: BeforeUnloadEvent) => {
      if (!allowed.current) event.preventDefault();
    };
    const navigation = (window as { navigation?: EventTarget }).navigation;
    const navigate = (event: Event) => {
      const { destination, cancelable } = event as NavigateEvent;
      const url = new URL(destination.url);
      if (allowed.current || !cancelable || url.origin !== location.origin || url.pathname === location.pathname) return;
      event.preventDefault();
      setAsking(url.pathname + url.search + url.hash);
    };
    window.addEventListener("beforeunload", unload);
    navigation?.addEventListener("navigate", navigate);
    return () => {
      window.removeEventListener("beforeunload", unload);
      navigation?.removeEventListener("navigate", navigate);
    };
  }, [dirty]);
  return {
    asking,
    stay: () => setAsking(null),
    leave: () => {
      if (asking === null) return;
      allowed.current = true;
      setAsking(null);
      go(asking);
    },
  };
}
