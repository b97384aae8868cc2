#pragma once

#include <string>
#include <vector>

#include "dice.h"

namespace millrace::test {

/// What came of a random history.
struct History {
  std::string transcript;             ///< all commands as text
  std::vector<std::string> problems;  ///< invariants that didn't hold, a line each
  std::string stuck;                  ///< at the quiet end: who waits for nothing
};

/// Three DAGs with random shapes; then ends of tasks, time, restarts and everything a person can ask for, as
/// the dice fall. At last all goes well: everything must end, or wait for something with a name.
History play(Dice dice);

}  // namespace millrace::test
