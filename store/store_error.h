#pragma once

#include <stdexcept>
#include <string>

namespace millrace {

/// Thrown by the reads of Store and StoreReader when the database can't be read at all: an I/O error, damage,
/// a lock held for longer than the busy time-out. The API answers 500; the loop stops the daemon (running
/// tasks go on).
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace millrace
