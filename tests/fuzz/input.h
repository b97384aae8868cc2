#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <algorithm>

namespace millrace::fuzz {

/// The bytes of one execution, taken from the front. After the last one every number is 0 and every text
/// empty: each input means something, and a longer one goes on where the shorter one stopped.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t out = 0;
    for (; bytes > 0 && !rest_.empty(); --bytes, rest_.remove_prefix(1))
      out = out << 8 | static_cast<unsigned char>(rest_.front());
    return out;
  }
  /// Less than `n`, by one byte as long as that reaches.
  std::size_t below(std::size_t n) {
    return n < 2 ? 0 : static_cast<std::size_t>(number(n > 256 ? 4 : 1) % n);
  }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  /// Up to the next zero byte: people can read what lies in the corpus.
  std::string_view text() {
    const std::string_view out = rest_.substr(0, rest_.find('\0'));
    rest_.remove_prefix(std::min(rest_.size(), out.size() + 1));
    return out;
  }
  std::string_view rest() { return std::exchange(rest_, {}); }

 private:
  std::string_view rest_;
};

/// What the target claims; also in builds without asserts.
inline void claim(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "claim broken: %s\n", what);
  std::abort();
}

}  // namespace millrace::fuzz

/// Each target defines it once: one execution over one input. Called by libFuzzer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
