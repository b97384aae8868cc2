#pragma once

#include <functional>
#include <string>
#include <string_view>

/// What the simulator puts in the place of base/'s crash points, log and invariants: linked instead of them,
/// so that the product has no hook.
namespace millrace::sim {

/// The daemon died at this instruction. Thrown through the product, which catches exceptions of its own
/// kinds alone.
struct Killed {};

/// The product found a bug of its own.
struct BrokenInvariant {
  std::string text;
};

struct Hooks {
  std::function<void(std::string_view name)> crash_point;  ///< may throw Killed
  std::function<void(std::string_view line)> logged;
  std::string canary;  ///< the bug that is switched on; only in the canary program
};
Hooks& hooks();

}  // namespace millrace::sim
