#include "dags/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace millrace {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c) || c == '_';
}

struct Unit {
  std::string_view word;
  std::int64_t factor;
};

/// Digits at the front, or nothing when there are none or too many.
std::optional<std::int64_t> take_digits(std::string_view& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !is_digit(text[0])) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 6> units{{{"w", 604'800'000'000},
                                              {"d", 86'400'000'000},
                                              {"h", 3'600'000'000},
                                              {"m", 60'000'000},
                                              {"s", 1'000'000},
                                              {"ms", 1'000}}};
  constexpr std::int64_t longest = 36'525ll * 86'400'000'000;  // a century
  std::int64_t total = 0;
  auto from = units.begin();
  if (text.empty()) return {};
  while (!text.empty()) {
    const auto value = take_digits(text);
    if (!value) return {};
    const std::size_t length = static_cast<std::size_t>(
        std::ranges::find_if(text, [](char c) { return is_digit(c); }) - text.begin());
    const std::string_view word = text.substr(0, length);
    const auto unit = std::ranges::find(from, units.end(), word, &Unit::word);
    if (unit == units.end() || *value > longest / unit->factor) return {};
    total += *value * unit->factor;
    if (total > longest) return {};
    from = unit + 1;
    text.remove_prefix(length);
  }
  return Duration{total};
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  static constexpr std::array<Unit, 11> units{{{"B", 1},
                                               {"KiB", 1ll << 10},
                                               {"MiB", 1ll << 20},
                                               {"GiB", 1ll << 30},
                                               {"TiB", 1ll << 40},
                                               {"PiB", 1ll << 50},
                                               {"kB", 1'000},
                                               {"KB", 1'000},
                                               {"MB", 1'000'000},
                                               {"GB", 1'000'000'000},
                                               {"TB", 1'000'000'000'000}}};
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || !is_digit(text[0])) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const auto unit = std::ranges::find(units, text, &Unit::word);
  if (unit == units.end()) return {};
  const double bytes = value * static_cast<double>(unit->factor);
  if (bytes > 9e18 || bytes < 1) return {};
  return static_cast<std::int64_t>(bytes);
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= limits::id_bytes && text != "." && text != ".." &&
         std::ranges::all_of(text, [](char c) { return is_word_char(c) || c == '.' || c == '-'; });
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= limits::id_bytes && !is_digit(text[0]) &&
         std::ranges::all_of(text, is_word_char);
}

bool is_json_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = skip_digits(text, at);
  if (whole == at || (text[at] == '0' && whole > at + 1)) return false;
  at = whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = skip_digits(text, at + 1);
    if (fraction == at + 1) return false;
    at = fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    at = skip_digits(text, exponent);
    if (at == exponent) return false;
  }
  return at == text.size();
}

std::optional<bool> as_boolean(YamlNode node) {
  if (!node.is_plain()) return {};
  if (node.text() == "true") return true;
  if (node.text() == "false") return false;
  return {};
}

std::optional<std::int64_t> as_integer(YamlNode node) {
  if (!node.is_plain() || !is_json_number(node.text())) return {};
  const std::string_view text = node.text();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<double> as_number(YamlNode node) {
  if (!node.is_plain() || !is_json_number(node.text())) return {};
  const std::string_view text = node.text();
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return {};
  return value;
}

std::optional<Duration> as_duration(YamlNode node) {
  return node.is_scalar() ? parse_duration(node.text()) : std::nullopt;
}

std::optional<std::int64_t> as_size(YamlNode node) {
  return node.is_scalar() ? parse_size(node.text()) : std::nullopt;
}

std::uint64_t sort_prefix(std::string_view text) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i)
    out = (out << 8) | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  return out;
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

// Recursion is bounded by limits::yaml_depth.
void append_json(std::string& out, YamlNode node) {
  switch (node.kind()) {
    case YamlNode::Kind::null:
      out += "null";
      return;
    case YamlNode::Kind::scalar:
      if (node.is_plain() && (as_boolean(node) || is_json_number(node.text())))
        out += node.text();
      else
        append_json_text(out, node.text());
      return;
    case YamlNode::Kind::sequence: {
      out += '[';
      bool first = true;
      for (const YamlNode item : node.items()) {
        if (!std::exchange(first, false)) out += ',';
        append_json(out, item);
      }
      out += ']';
      return;
    }
    case YamlNode::Kind::map: {
      std::vector<YamlNode::Entry> entries;
      for (const auto entry : node.entries()) entries.push_back(entry);
      std::ranges::sort(entries, {}, [](const YamlNode::Entry& entry) { return entry.key.text(); });
      out += '{';
      bool first = true;
      for (const auto& [key, value] : entries) {
        if (!std::exchange(first, false)) out += ',';
        append_json_text(out, key.text());
        out += ':';
        append_json(out, value);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace millrace
