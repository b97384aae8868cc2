#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace millrace {

using Blake3Digest = std::array<unsigned char, 32>;

/// BLAKE3 in its plain mode, 256 bits: what `b3sum` prints.
class Blake3Hash {
 public:
  Blake3Hash();
  ~Blake3Hash();
  Blake3Hash(const Blake3Hash&) = delete;
  Blake3Hash& operator=(const Blake3Hash&) = delete;

  void update(const void* bytes, std::size_t size);
  void update(std::string_view bytes) { update(bytes.data(), bytes.size()); }
  Blake3Digest digest() const;  ///< of all bytes so far
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 lower-case hex digits.
std::string hex(const Blake3Digest&);

}  // namespace millrace
