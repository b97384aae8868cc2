#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "executor/executor.h"
#include "executor/runner/cgroups.h"

namespace millrace {

struct Attempt;

/// What an epoll event is about.
struct Watch {
  enum class Kind : std::uint8_t { listener, connection, spawner, timer, folder, leader, survivor };
  Kind kind;
  int fd = -1;
  Attempt* attempt = nullptr;  ///< of leaders and survivors
  pid_t pid = 0;
};

/// One attempt as the runner holds it, from its start request until it is acknowledged.
struct Attempt {
  enum class Stage : std::uint8_t {
    queued,    ///< with the spawner
    running,   ///< its leader (the process we started) lives
    emptying,  ///< the leader has ended, processes it left are still there
    ended,     ///< `exit` holds
  };
  /// How far the ending by force has come.
  enum class Force : std::uint8_t { none, asked, killed };

  AttemptId id;
  std::string name, log_path;
  std::int64_t log_bytes = 0;
  std::optional<Duration> timeout;
  int termination_signal = 15;
  Duration termination_grace{};

  Stage stage = Stage::queued;
  Force force = Force::none;
  bool kill_wanted = false;  ///< told to end before it had started
  Slot* slot = nullptr;
  StartFacts start;
  ExitFacts exit;
  Watch leader{Watch::Kind::leader, -1, nullptr, 0};
  std::vector<std::unique_ptr<Watch>> survivors;
  std::int64_t deadline_us = 0;  ///< MonoTime of its next step by force; 0: none
};

}  // namespace millrace
