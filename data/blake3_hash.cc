#include "data/blake3_hash.h"

#include <blake3.h>

namespace millrace {

struct Blake3Hash::State {
  blake3_hasher hasher;
};

Blake3Hash::Blake3Hash() : state_(std::make_unique<State>()) { reset(); }
Blake3Hash::~Blake3Hash() = default;

void Blake3Hash::reset() { blake3_hasher_init(&state_->hasher); }

void Blake3Hash::update(const void* bytes, std::size_t size) {
  blake3_hasher_update(&state_->hasher, bytes, size);
}

Blake3Digest Blake3Hash::digest() const {
  Blake3Digest out{};
  blake3_hasher_finalize(&state_->hasher, out.data(), out.size());
  return out;
}

std::string hex(const Blake3Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace millrace
