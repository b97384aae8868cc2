import { exitReason, exitText } from "@/model/exit";
import { bytes, duration } from "@/model/time";
import { Empty } from "@/ui/notes";
import { StateWord } from "@/ui/surface";
import { setQuery } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./panel.module.css";
import type { Try } from "./queries";

const none = <span className="dim">–</span>;

function Ended({ one }: { one: Try }) {
  const reason = exitReason(one.exit);
  return (
    <>
      {exitText(one.exit) ?? (one.end_date ? (one.outcome ?? one.state ?? "").replaceAll("_", " ") : <span className="dim">runs</span>)}
      {reason && <span className="bad"> · {reason}</span>}
      {one.exit?.log_truncated && <span className="warn"> · log cut</span>}
    </>
  );
}

/** Each try: when, how it ended, what it used, where it ran. */
export function Attempts({ tries, chosen }: { tries: Try[]; chosen: number | null }) {
  if (!tries.length) return <Empty title="It hasn't been started yet." />;
  return (
    <table className="list">
      <thead>
        <tr><th>Try</th><th>Start</th><th className="right">Took</th><th>Ended</th><th className="right">Peak memory</th><th className="right">CPU</th><th>Where</th></tr>
      </thead>
      <tbody>
        {tries.toReversed().map((one) => (
          <tr key={one.try_number} aria-current={one.try_number === chosen || undefined}>
            <td>
              <button type="button" className={css.link} onClick={() => setQuery({ try: one.try_number, tab: "log" })}>
                <StateWord state={one.state} text={String(one.try_number)} /><span className="hidden">: {one.state}, show its log</span>
              </button>
            </td>
            <td><Instant at={one.start_date} as="clock" /></td>
            <td className="right">{duration(one.duration)}</td>
            <td><Ended one={one} /></td>
            <td className="right">{one.exit?.max_rss_bytes ? bytes(one.exit.max_rss_bytes) : none}</td>
            <td className="right">{one.exit ? duration((one.exit.user_us + one.exit.system_us) / 1e6) : none}</td>
            <td><Where host={one.hostname} devices={one.devices} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** `GPU-3 on node-a`. */
export function Where({ host, devices }: { host: string | null; devices: readonly string[] }) {
  if (!host && !devices.length) return none;
  return <span>{devices.join(", ")}{devices.length > 0 && host ? " on " : ""}{host}</span>;
}
