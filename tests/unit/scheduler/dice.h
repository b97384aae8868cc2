#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace millrace::test {

/// splitmix64: the same numbers on every machine.
struct Dice {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t x = state += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
  }
  std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(next() % n); }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  template <class Set>
  auto any(const Set& set) {
    return std::next(set.begin(), static_cast<std::ptrdiff_t>(below(set.size())));
  }
};

}  // namespace millrace::test
