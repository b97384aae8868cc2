#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace millrace {

/// How an attempt's process came to life. (boot_id, pid, start_ticks) names a process for ever; a bare pid
/// doesn't.
struct StartFacts {
  std::int64_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< field 22 of /proc/PID/stat
  std::string boot_id;            ///< /proc/sys/kernel/random/boot_id
  std::string host;
  WallTime at;
  friend bool operator==(const StartFacts&, const StartFacts&) = default;
};

/// How it ended, as the kernel and the runner saw it. Raw: the scheduler judges.
struct ExitFacts {
  enum class Kind : std::uint8_t {
    exited,        ///< `wait_status` is what waitid gave
    spawn_failed,  ///< it never ran; `message` says why (errno in words), `wait_status` is 0
    lost,          ///< nobody can know: the runner died or the host rebooted
  };
  Kind kind = Kind::exited;
  int wait_status = 0;                      ///< as of wait(2): WIFEXITED and so on apply
  bool timed_out = false;                   ///< the runner ended it at its timeout
  bool killed = false;                      ///< the runner ended it because it was told to
  bool oom = false;                         ///< the kernel's OOM killer struck in its cgroup
  bool log_truncated = false;               ///< the log reached its cap
  std::int64_t user_us = 0, system_us = 0;  ///< CPU of the whole tree as far as rusage tells
  std::int64_t max_rss_bytes = 0;
  WallTime at;
  std::string message;
  friend bool operator==(const ExitFacts&, const ExitFacts&) = default;
};

}  // namespace millrace
