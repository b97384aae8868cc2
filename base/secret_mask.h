#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// How a secret is found in a text by who doesn't have it: a rolling hash picks the places, a keyed digest of
/// the whole value decides (docs/decisions/018-secrets-are-masked-at-reading.md).
namespace millrace {

/// What is kept of one value. Without the key it tells its length and nothing else.
struct SecretPrint {
  std::int64_t bytes = 0;     ///< the value's length
  std::uint64_t rolling = 0;  ///< of its last SecretKey::hashed(bytes) bytes
  std::string digest;         ///< HMAC-SHA256 of the value, in hex
  friend bool operator==(const SecretPrint&, const SecretPrint&) = default;
};

/// The key of all prints of a data folder, and the rolling hash that follows from it.
class SecretKey {
 public:
  /// How many of a value's last bytes are in its rolling hash: one of few numbers, as a text is passed over
  /// once for each of them.
  static std::size_t hashed(std::size_t bytes);

  /// Any bytes; 32 random ones are enough.
  explicit SecretKey(std::string bytes);
  SecretPrint print(std::string_view value) const;

 private:
  friend class SecretMask;
  std::string digest(std::string_view value) const;

  std::string bytes_;
  std::array<std::uint64_t, 256> table_;
};

/// The texts by which a value shows: itself, or its lines; the same as JSON and as a part of a URL write it;
/// the password of a URL; what base64 (RFC 4648, both alphabets) makes of these as wholes, wherever in the
/// encoded text they begin, but for a letter at either end that holds bits of a neighbour too. None has a
/// line end in it, or fewer than `least` bytes. Empty: it can't be masked.
std::vector<std::string> spellings_of(std::string_view value, std::size_t least);

/// Overwrites secrets by `*`, byte for byte, so that places in the text stay what they are. Immutable: any
/// thread.
class SecretMask {
 public:
  SecretMask(std::shared_ptr<const SecretKey>, std::vector<SecretPrint>);
  SecretMask(const SecretMask&) = delete;
  SecretMask& operator=(const SecretMask&) = delete;

  /// Each occurrence that lies in `text` as a whole, also those that overlap. Whether there was one.
  bool hide(std::span<char> text) const;
  /// The same of a copy.
  std::string hidden(std::string_view text) const;
  /// Bytes of the longest one: what has to be seen beside a part of a text to mask it like the whole is one
  /// less.
  std::size_t longest() const { return longest_; }

 private:
  /// The prints whose rolling hash is over as many bytes.
  struct Pass {
    std::size_t width = 0;
    std::vector<bool> maybe;  ///< by the low bits of the rolling hash; a power of two of them
    std::vector<const SecretPrint*> of;  ///< by rolling hash
  };
  using Places = std::vector<std::pair<std::size_t, std::size_t>>;
  void find(const Pass&, std::span<const char> text, Places&) const;
  static bool may_be(const Pass& pass, std::uint64_t rolling) {
    return pass.maybe[rolling & (pass.maybe.size() - 1)];
  }
  void compare(const Pass&, std::uint64_t rolling, std::span<const char> before, Places&) const;

  std::shared_ptr<const SecretKey> key_;  // shared by all masks
  std::vector<SecretPrint> prints_;
  std::vector<Pass> passes_;
  std::size_t longest_ = 0;
};

}  // namespace millrace
