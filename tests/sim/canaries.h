#pragma once

#include <cstdint>
#include <span>

namespace millrace::sim {

/// A bug that CANARY(name) puts into the product's code, and how soon it has to be found.
struct Canary {
  const char* name;
  const char* bug;
  std::uint64_t seeds;  ///< from 1
};

std::span<const Canary> canaries();

}  // namespace millrace::sim
