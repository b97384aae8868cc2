#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

namespace millrace::test {

/// splitmix64: the same numbers on every machine. Or the numbers a fuzzer chooses, as long as they last.
struct Dice {
  std::uint64_t state;
  std::span<const std::uint8_t> bytes{};
  bool chosen = false;  ///< by `bytes`

  bool used_up() const { return chosen && bytes.empty(); }
  std::uint64_t next() {
    std::uint64_t x = state += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
  }
  std::size_t below(std::size_t n) {
    if (n == 0) return 0;
    if (!chosen) return static_cast<std::size_t>(next() % n);
    std::size_t number = 0;
    for (int i = n > 256 ? 2 : 1; i > 0 && !bytes.empty(); --i, bytes = bytes.subspan(1))
      number = number << 8 | bytes.front();
    return number % n;
  }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  template <class Set>
  auto any(const Set& set) {
    return std::next(set.begin(), static_cast<std::ptrdiff_t>(below(set.size())));
  }
};

}  // namespace millrace::test
