import { useCallback, useEffect, useRef } from "react";

/** A call that happens at once and then once each `ms` at most, the last one for certain: for reading anew what events changed. */
export function useThrottled(act: () => void, ms: number): () => void {
  const newest = useRef(act);
  const state = useRef({ timer: 0 as ReturnType<typeof setTimeout> | 0, last: -Infinity });
  useEffect(() => {
    newest.current = act;
  });
  useEffect(() => {
    const mine = state.current;
    return () => {
      if (mine.timer) clearTimeout(mine.timer);
      mine.timer = 0;
    };
  }, []);
  return useCallback(() => {
    const mine = state.current;
    if (mine.timer) return;
    const run = () => {
      mine.timer = 0;
      mine.last = performance.now();
      newest.current();
    };
    const wait = mine.last + ms - performance.now();
    if (wait <= 0) run();
    else mine.timer = setTimeout(run, wait);
  }, [ms]);
}
