import { useQuery } from "@tanstack/react-query";

import { plainText } from "@/model/log_text";
import { bytes, count } from "@/model/time";

import { Button } from "./controls";
import { Dialog } from "./dialog";
import type { LogSource } from "./log_source";
import css from "./log_view.module.css";
import { Shown } from "./notes";
import { toast } from "./toast";

const MOST_BYTES = 8 * 1024 * 1024;
const MOST_SHOWN = 1_000_000; // characters: a browser lays these out in a moment

/** One line, however long. */
export function WholeLine({ source, line, onClose }: { source: LogSource; line: number; onClose: () => void }) {
  const query = useQuery({
    queryKey: ["a line of a log", source.api.url, line],
    queryFn: async () => {
      const read = await source.read(line, line, MOST_BYTES);
      if (!read) throw new Error(`Line ${count(line + 1)} has more than ${bytes(MOST_BYTES)}: download the log to see it.`);
      return { text: plainText(read[0]!), size: read[0]!.length };
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  const text = query.data?.text ?? "";
  return (
    <Dialog
      title={`Line ${count(line + 1)}${query.data ? ` · ${bytes(query.data.size)}` : ""}`}
      open
      wide
      onClose={onClose}
      foot={<Button icon="copy" disabled={!text} onClick={() => void navigator.clipboard.writeText(text).then(() => toast("The line is in the clipboard."))}>Copy</Button>}
    >
      <Shown query={query} what="The line can't be read">
        {() => (
          <>
            <pre className={css.wholeText} tabIndex={0}>{text.slice(0, MOST_SHOWN)}</pre>
            {text.length > MOST_SHOWN && <p className="dim">The first {count(MOST_SHOWN)} characters are shown; Copy takes all {count(text.length)}.</p>}
          </>
        )}
      </Shown>
    </Dialog>
  );
}
