#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

/// The bytes between daemon and runner, and of the runner's journal (docs/runner-protocol.md): little-endian
/// numbers, texts with their length first. Built into both programs.
namespace millrace::wire {

/// Appends fields to a string.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <class T>
  Writer& number(T value) {
    static_assert(std::is_integral_v<T>);
    auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      out_ += static_cast<char>(static_cast<unsigned char>(static_cast<std::uint64_t>(bits) >> (8 * i)));
    }
    return *this;
  }
  Writer& flag(bool value) { return number(std::uint8_t{value}); }
  Writer& text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_.append(value);
    return *this;
  }

 private:
  std::string& out_;
};

/// Takes fields off a byte string. After the first field that isn't there every further one is zero or empty
/// and `ok` is false: check it once, at the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    static_assert(std::is_integral_v<T>);
    if (rest_.size() < sizeof(T)) return broken<T>();
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    }
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(bits);
  }
  bool flag() { return number<std::uint8_t>() != 0; }
  std::string text() {
    const auto length = number<std::uint32_t>();
    if (rest_.size() < length) return broken<std::string>();
    std::string value(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return value;
  }
  /// Every field was there.
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  template <class T>
  T broken() {
    ok_ = false;
    rest_ = {};
    return T{};
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// CRC-32 as in zlib and Ethernet (reflected 0xEDB88320).
std::uint32_t crc32(std::string_view bytes);

}  // namespace millrace::wire
