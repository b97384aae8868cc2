#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/limits.h"
#include "dags/yaml_reader.h"

namespace millrace {
namespace {

/// Length of the UTF-8 sequence at the front of `text`, 0 when it isn't one (RFC 3629: no surrogates, no
/// overlong forms).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

/// The first byte that no text file may hold.
std::optional<Diagnostic> bad_byte(std::string_view text) {
  Place place{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0) return Diagnostic{place, "the file holds a NUL byte", "it isn't a text file in UTF-8"};
    const bool control = (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
    if (control)
      return Diagnostic{place, fmt::format("the file holds the control character 0x{:02x}", byte),
                        "inside double quotes it can be written as an escape"};
    if (byte == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))
      return Diagnostic{place, "the file holds a carriage return without a line feed",
                        "end lines with a line feed"};
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0)
      return Diagnostic{place, fmt::format("the byte 0x{:02x} isn't valid UTF-8", byte),
                        "save the file as UTF-8"};
    i += length;
    place.column += static_cast<std::uint32_t>(length);
    if (byte == '\n') place = {place.line + 1, 1};
  }
  return {};
}

/// Whether a line opens a block scalar: it ends in `|` or `>` with its indicators, after `:` or `-`.
bool opens_block(std::string_view line) {
  if (const auto comment = line.find(" #"); comment != std::string_view::npos) line = line.substr(0, comment);
  std::size_t end = line.find_last_not_of(" \r\t");
  if (end == std::string_view::npos) return false;
  while (end > 0 && (line[end] == '+' || line[end] == '-' || (line[end] >= '1' && line[end] <= '9'))) --end;
  if (line[end] != '|' && line[end] != '>') return false;
  const auto before = end == 0 ? std::string_view::npos : line.find_last_not_of(' ', end - 1);
  return before != std::string_view::npos && before + 1 < end && (line[before] == ':' || line[before] == '-');
}

/// The first tab that stands for indentation. Tabs in the text of a block scalar are the user's own.
std::optional<Diagnostic> bad_tab(std::string_view text) {
  std::uint32_t number = 0;
  bool in_block = false;
  std::size_t block_indent = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t length = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    const std::size_t spaces = std::min(line.find_first_not_of(' '), line.size());
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (in_block && spaces > block_indent) continue;
    in_block = false;
    if (line[spaces] == '\t')
      return Diagnostic{
          {number, static_cast<std::uint32_t>(spaces + 1)}, "a tab can't indent YAML", "use spaces"};
    if (opens_block(line)) {
      in_block = true;
      block_indent = spaces;
    }
  }
  return {};
}

// The scanner of yaml-cpp keeps every token of a flow collection that could still be a key: some 300 bytes
// for each bracket or comma. 100,000 tasks written as JSON have a million of them.
constexpr std::ptrdiff_t flow_marks = 3'000'000;

}  // namespace

Diagnostics check_yaml_bytes(std::string_view text) {
  Diagnostics out;
  if (text.size() > limits::dag_file_bytes) {
    out.add({}, fmt::format("the file has {} bytes; the limit is {} MB", text.size(),
                            limits::dag_file_bytes >> 20));
  } else if (text.starts_with("\xef\xbb\xbf") || text.starts_with("\xff\xfe") ||
             text.starts_with("\xfe\xff")) {
    out.add({1, 1}, "the file starts with a byte order mark", "save it as UTF-8 without BOM");
  } else if (auto byte = bad_byte(text)) {
    out.entries.push_back(std::move(*byte));
  } else if (auto tab = bad_tab(text)) {
    out.entries.push_back(std::move(*tab));
  } else if (std::ranges::count_if(text, [](char c) { return std::string_view{"[]{},"}.contains(c); }) >
             flow_marks) {
    out.add({}, fmt::format("the file has more than {} brackets and commas", flow_marks));
  }
  return out;
}

}  // namespace millrace
