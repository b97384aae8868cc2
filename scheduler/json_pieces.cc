#include "scheduler/json_pieces.h"

#include <cstdint>

#include <fmt/format.h>

namespace millrace {
namespace {

std::string_view trim(std::string_view s) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = s.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(blanks) - first + 1);
}

/// The end of the value's piece: the first `stop` outside strings and brackets at or after `from`.
std::size_t piece_end(std::string_view s, std::size_t from, char stop) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = from; i < s.size(); ++i) {
    const char c = s[i];
    if (quoted) {
      if (c == '\\') ++i;
      else if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (depth == 0 && c == stop) {
      return i;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return s.size();
}

std::optional<std::uint32_t> hex4(std::string_view s) {
  if (s.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : s.substr(0, 4)) {
    value *= 16;
    if (c >= '0' && c <= '9') value += static_cast<std::uint32_t>(c - '0');
    else if (c >= 'a' && c <= 'f') value += static_cast<std::uint32_t>(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F') value += static_cast<std::uint32_t>(c - 'A' + 10);
    else return std::nullopt;
  }
  return value;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t b) { out += static_cast<char>(static_cast<unsigned char>(b)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | c >> 6), byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 0x3f)), byte(0x80 | (c >> 6 & 0x3f)),
        byte(0x80 | (c & 0x3f));
  }
}

/// Reads `\uXXXX` (and its low half) at s[i] = 'u'; i ends on the last digit.
bool append_unicode(std::string& out, std::string_view s, std::size_t& i) {
  auto c = hex4(s.substr(i + 1));
  if (!c) return false;
  i += 4;
  if (*c >= 0xd800 && *c < 0xdc00 && s.substr(i + 1, 2) == "\\u") {
    if (const auto low = hex4(s.substr(i + 3)); low && *low >= 0xdc00 && *low < 0xe000) {
      c = 0x10000 + ((*c - 0xd800) << 10) + (*low - 0xdc00);
      i += 6;
    }
  }
  const bool half = *c >= 0xd800 && *c < 0xe000;  // of a pair, alone: no character, and none in UTF-8
  append_utf8(out, half ? 0xfffd : *c);
  return true;
}

}  // namespace

std::optional<std::vector<JsonText>> json_list(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  const std::string_view inside = trim(text.substr(1, text.size() - 2));
  std::vector<JsonText> items;
  if (inside.empty()) return items;
  for (std::size_t at = 0; at <= inside.size();) {
    const std::size_t end = piece_end(inside, at, ',');
    items.emplace_back(trim(inside.substr(at, end - at)));
    at = end + 1;
  }
  return items;
}

std::optional<std::vector<std::pair<std::string, JsonText>>> json_object(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  const std::string_view inside = trim(text.substr(1, text.size() - 2));
  std::vector<std::pair<std::string, JsonText>> members;
  if (inside.empty()) return members;
  for (std::size_t at = 0; at <= inside.size();) {
    const std::size_t end = piece_end(inside, at, ',');
    const std::string_view member = inside.substr(at, end - at);
    const std::size_t colon = piece_end(member, 0, ':');
    const auto name = json_string(member.substr(0, colon));
    if (!name || colon >= member.size()) return std::nullopt;
    members.emplace_back(*name, trim(member.substr(colon + 1)));
    at = end + 1;
  }
  return members;
}

std::optional<std::string> json_string(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    switch (text[i]) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u':
        if (!append_unicode(out, text, i)) return std::nullopt;
        break;
      default: out += text[i];
    }
  }
  return out;
}

JsonText to_json_string(std::string_view text) {
  JsonText out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else out += c;
  }
  return out += '"';
}

}  // namespace millrace
