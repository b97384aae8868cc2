#include "base/secret_mask.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

#include "base/sha256.h"

namespace millrace {
namespace {

constexpr std::size_t least_buckets = 4'096;

/// Cyclic polynomial (buzhash) by table: one rotation a byte, and the byte that leaves comes out by another.
std::uint64_t add(std::uint64_t hash, std::uint64_t entry) { return std::rotl(hash, 1) ^ entry; }

std::vector<std::string_view> lines_of(std::string_view value) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = std::min(value.find('\n', at), value.size());
    std::string_view line = value.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    at = end + 1;
  }
  return lines;
}

std::string as_json(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        out += {'\\', c};
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? fmt::format("\\u{:04x}", c) : std::string{c};
    }
  }
  return out;
}

std::string as_url_part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").contains(c);
    out += plain ? std::string{c} : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string from_url_part(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    out += escape ? static_cast<char>(byte) : text[i];
    i += escape ? 2 : 0;
  }
  return out;
}

/// `scheme://user:PASSWORD@host…`: drivers print it alone.
std::string_view url_password(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos) return {};
  url.remove_prefix(scheme + 3);
  const std::string_view user = url.substr(0, url.substr(0, url.find_first_of("/?#")).rfind('@'));
  const std::size_t colon = user.size() == url.size() ? user.npos : user.find(':');
  return colon == user.npos ? std::string_view{} : user.substr(colon + 1);
}

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The letters of base64 that say nothing but the value, where `before` (0 to 2) bytes of something else
/// stand in its first group of three. `last_two`: of the alphabet, `+/` or `-_`.
std::string base64_inside(std::string_view value, std::size_t before, std::string_view last_two) {
  const std::size_t skipped = (6 - before * 8 % 6) % 6;  // bits in a letter with the one before
  std::string out;
  for (std::size_t at = skipped; at + 6 <= value.size() * 8; at += 6) {
    unsigned letter = 0;
    for (std::size_t bit = at; bit < at + 6; ++bit)
      letter = letter << 1 | (static_cast<unsigned char>(value[bit / 8]) >> (7 - bit % 8) & 1u);
    out += letter < letters.size() ? letters[letter] : last_two[letter - letters.size()];
  }
  return out;
}

}  // namespace

std::vector<std::string> spellings_of(std::string_view value, std::size_t least) {
  std::vector<std::string> all;
  const auto take = [&](std::string text) {
    if (text.size() < least || text.find('\n') != text.npos) return;
    if (std::ranges::find(all, text) == all.end()) all.push_back(std::move(text));
  };
  const auto take_base64 = [&](std::string_view whole) {
    if (whole.size() < least) return;
    for (std::size_t before = 0; before < 3; ++before)
      for (const std::string_view last_two : {"+/", "-_"}) take(base64_inside(whole, before, last_two));
  };
  const auto lines = lines_of(value);
  for (const std::string_view line : lines) {
    take(std::string(line));
    take(as_json(line));
  }
  if (all.empty()) return all;
  take_base64(value.substr(0, value.find_last_not_of("\r\n") + 1));
  if (lines.size() > 1) return all;
  take(as_url_part(value));
  const std::string_view password = url_password(value);
  take(std::string(password));
  take(from_url_part(password));
  take_base64(from_url_part(password));
  return all;
}

SecretKey::SecretKey(std::string bytes) : bytes_(std::move(bytes)) {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const std::string digits = digest(fmt::format("rolling {}", i));
    std::from_chars(digits.data(), digits.data() + 16, table_[i], 16);
  }
}

std::string SecretKey::digest(std::string_view value) const { return hmac_sha256_hex(bytes_, value); }

std::size_t SecretKey::hashed(std::size_t bytes) {
  for (const std::size_t width : {32uz, 16uz, 8uz, 6uz})
    if (bytes >= width) return width;
  return bytes;
}

SecretPrint SecretKey::print(std::string_view value) const {
  SecretPrint out{static_cast<std::int64_t>(value.size()), 0, digest(value)};
  for (const char c : value.substr(value.size() - hashed(value.size())))
    out.rolling = add(out.rolling, table_[static_cast<unsigned char>(c)]);
  return out;
}

SecretMask::SecretMask(std::shared_ptr<const SecretKey> key, std::vector<SecretPrint> prints)
    : key_(std::move(key)), prints_(std::move(prints)) {
  std::ranges::sort(prints_, {}, &SecretPrint::rolling);
  for (const SecretPrint& print : prints_) {
    if (print.bytes <= 0) continue;
    const auto bytes = static_cast<std::size_t>(print.bytes);
    longest_ = std::max(longest_, bytes);
    const std::size_t width = SecretKey::hashed(bytes);
    auto at = std::ranges::find(passes_, width, &Pass::width);
    if (at == passes_.end()) at = passes_.insert(at, Pass{.width = width, .maybe = {}, .of = {}});
    at->of.push_back(&print);
  }
  for (Pass& pass : passes_) {
    // At most one place of 16 is looked at closely, however many values a DAG has had.
    pass.maybe.resize(std::bit_ceil(std::max(least_buckets, pass.of.size() * 16)));
    for (const SecretPrint* print : pass.of)
      pass.maybe[print->rolling & (pass.maybe.size() - 1)] = true;
  }
}

void SecretMask::find(const Pass& pass, std::span<const char> text, Places& places) const {
  if (text.size() < pass.width) return;
  const auto& table = key_->table_;
  const auto entry = [&](std::size_t at) { return table[static_cast<unsigned char>(text[at])]; };
  const int width = static_cast<int>(pass.width);
  std::uint64_t hash = 0;
  for (std::size_t end = 0; end < pass.width; ++end) hash = add(hash, entry(end));
  for (std::size_t end = pass.width;; ++end) {
    if (may_be(pass, hash)) compare(pass, hash, text.first(end), places);
    if (end == text.size()) return;
    hash = add(hash, entry(end)) ^ std::rotl(entry(end - pass.width), width);
  }
}

/// Which secrets end where `before` does.
void SecretMask::compare(const Pass& pass, std::uint64_t rolling, std::span<const char> before,
                         Places& places) const {
  const auto same = std::ranges::equal_range(pass.of, rolling, {}, &SecretPrint::rolling);
  for (const SecretPrint* print : same) {
    const auto bytes = static_cast<std::size_t>(print->bytes);
    if (bytes > before.size()) continue;
    const auto found = before.last(bytes);
    if (key_->digest({found.data(), found.size()}) != print->digest) continue;
    places.emplace_back(before.size() - bytes, before.size());
  }
}

bool SecretMask::hide(std::span<char> text) const {
  Places places;  // first all of them, so that one doesn't hide a part of another
  for (const Pass& pass : passes_) find(pass, text, places);
  for (const auto& [begin, end] : places) std::ranges::fill(text.subspan(begin, end - begin), '*');
  return !places.empty();
}

std::string SecretMask::hidden(std::string_view text) const {
  std::string out(text);
  hide(out);
  return out;
}

}  // namespace millrace
