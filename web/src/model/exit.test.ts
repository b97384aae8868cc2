import { describe, expect, it } from "vitest";

import { exitReason, exitText, reasonText } from "./exit";

const ended = (wait_status: number | null, more = {}) => ({ wait_status, message: null, timed_out: false, killed: false, oom: false, ...more });

describe("an exit", () => {
  it("is a code or a signal", () => {
    expect([0, 256, 137 << 8, 9, 15, 139, null].map((status) => exitText(ended(status)))).toEqual([
      "exit 0", "exit 1", "exit 137", "signal KILL", "signal TERM", "signal SEGV", null,
    ]);
    expect(exitText(null)).toBeNull();
  });
  it("has a reason where the code doesn't say it", () => {
    expect(exitReason(ended(9, { oom: true, killed: true }))).toBe("out of memory; killed by the daemon");
    expect(exitReason(ended(15, { timed_out: true, killed: true }))).toBe("timed out");
    expect(exitReason(ended(null, { message: "no such file: /bin/nope" }))).toBe("no such file: /bin/nope");
    expect([exitReason(ended(0)), exitReason(null)]).toEqual([null, null]);
  });
  it("is said in words for a task as well", () => {
    expect(["exit:3", "signal:KILL", "timed_out", "oom", "upstream_is_gone", null].map(reasonText)).toEqual([
      "exit 3", "signal KILL", "timed out", "out of memory", "upstream is gone", null,
    ]);
  });
});
