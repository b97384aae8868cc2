// How a process ended, from what wait(2) told.

export interface ExitFacts {
  wait_status: number | null;
  message: string | null;
  timed_out: boolean;
  killed: boolean;
  oom: boolean;
}

const SIGNALS: Record<number, string> = {
  1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 11: "SEGV", 13: "PIPE", 14: "ALRM", 15: "TERM", 24: "XCPU", 25: "XFSZ",
};

/** `exit 1`, `signal KILL`; null for what hasn't ended or never was a process. */
export function exitText(exit: ExitFacts | null | undefined): string | null {
  if (!exit || exit.wait_status === null) return null;
  const signal = exit.wait_status & 0x7f;
  if (signal !== 0) return `signal ${SIGNALS[signal] ?? signal}`;
  return `exit ${(exit.wait_status >> 8) & 0xff}`;
}

/** Why it ended so, where the exit alone doesn't say. */
export function exitReason(exit: ExitFacts | null | undefined): string | null {
  if (!exit) return null;
  const said = [exit.oom ? "out of memory" : null, exit.timed_out ? "timed out" : null, exit.killed && !exit.timed_out ? "killed by the daemon" : null, exit.message];
  return said.filter((one) => one).join("; ") || null;
}

const REASONS: Record<string, string> = {
  timed_out: "timed out", oom: "out of memory", lost: "its process was lost", marked: "marked by hand", cancelled: "cancelled",
};

/** The daemon's word for a task's end (`exit:1`, `signal:KILL`, `timed_out`) as people say it. */
export function reasonText(reason: string | null | undefined): string | null {
  if (!reason) return null;
  return REASONS[reason] ?? reason.replace(/^(exit|signal):/, "$1 ").replaceAll("_", " ");
}
