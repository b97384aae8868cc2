#pragma once

#include <cstdint>
#include <string>

#include "daemon/paths.h"

namespace boost::asio {
class io_context;
}

namespace millrace {

/// Where the logs and output files of deleted runs go: moved at once, removed a few at a time between two
/// turns of the loop, so that a run with many files holds up nobody. Loop thread.
class Trash {
 public:
  /// Goes on with what an earlier daemon left there.
  Trash(boost::asio::io_context& io, Paths paths);

  /// Nothing there: two failed system calls.
  void take(const std::string& dag_id, const std::string& run_id);

 private:
  void empty();
  void step();
  std::filesystem::path folder() const { return paths_.root / "trash"; }

  boost::asio::io_context& io_;
  Paths paths_;
  bool stepping_ = false;
  std::int64_t next_ = 0;
};

}  // namespace millrace
