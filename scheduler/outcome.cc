#include "scheduler/outcome.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/wait.h>

namespace millrace {
namespace {

/// Linux's numbers, spelled out: a pure room doesn't ask the C library for names.
std::string signal_name(int number) {
  switch (number) {
    case 1: return "HUP";
    case 2: return "INT";
    case 3: return "QUIT";
    case 4: return "ILL";
    case 5: return "TRAP";
    case 6: return "ABRT";
    case 7: return "BUS";
    case 8: return "FPE";
    case 9: return "KILL";
    case 10: return "USR1";
    case 11: return "SEGV";
    case 12: return "USR2";
    case 13: return "PIPE";
    case 14: return "ALRM";
    case 15: return "TERM";
    case 24: return "XCPU";
    case 25: return "XFSZ";
    case 31: return "SYS";
    default: return fmt::format("{}", number);
  }
}

}  // namespace

Verdict judge(const Task& task, const ExitFacts& facts, const std::string& output_problem) {
  if (facts.kind == ExitFacts::Kind::lost) return {Outcome::lost, "lost", facts.message, -1};
  if (facts.kind == ExitFacts::Kind::spawn_failed)
    return {Outcome::spawn_failed, "spawn_failed", facts.message, -1};
  const int status = facts.wait_status;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (facts.timed_out) return {Outcome::timed_out, "timed_out", facts.message, code};
  if (facts.killed) return {Outcome::cancelled, "cancelled", facts.message, code};
  if (WIFEXITED(status) && code == 0) {
    if (!output_problem.empty()) return {Outcome::failed, "output", output_problem, code};
    return {Outcome::success, "", facts.message, code};
  }
  if (facts.oom) return {Outcome::oom, "oom", facts.message, code};
  if (!WIFEXITED(status))
    return {Outcome::failed, "signal:" + signal_name(WTERMSIG(status)), facts.message, code};
  const auto& skips = task.skip_exit_codes;
  const std::string reason = fmt::format("exit:{}", code);
  if (std::find(skips.begin(), skips.end(), code) != skips.end())
    return {Outcome::skipped, reason, facts.message, code};
  return {Outcome::failed, reason, facts.message, code};
}

}  // namespace millrace
