#pragma once

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
  int run();

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace millrace
