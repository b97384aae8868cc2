#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"
#include "daemon/config.h"

namespace millrace {

/// One daemon: store, scheduler, executor, API and DAG folder on one loop. Owns them all.
class Daemon {
 public:
  /// Opens everything and recovers; on return the API answers. Errors are for a person.
  static Result<std::unique_ptr<Daemon>> start(Config);
  ~Daemon();

  /// Runs the loop on this thread until SIGTERM or SIGINT, or until the store is lost. The exit code.
  /// A graceful stop lets running tasks go on: the runner holds them, the next start finds them.
  /// With `on_signal` a signal is told to it, on the loop's thread, and stops nothing.
  int run(std::function<void()> on_signal = {});
  /// Any thread: run() returns soon, as after a signal.
  void stop();
  std::uint16_t port() const;  ///< where the API listens: the one asked for, or a free one for 0

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace millrace
