import { useEffect, useRef, useState } from "react";

/** The value, but a new one only every so many milliseconds; the newest in the end. 0: at once. */
export function useSlow<V>(value: V, ms: number): V {
  const [shown, setShown] = useState(value);
  const taken = useRef(0);
  useEffect(() => {
    if (ms === 0) return;
    const wait = Math.max(0, taken.current + ms - Date.now());
    const timer = setTimeout(() => {
      taken.current = Date.now();
      setShown(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return ms === 0 ? value : shown;
}
