#include "base/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t shown_columns = 100;

std::string_view line_of(std::string_view text, std::uint32_t line) {
  std::size_t start = 0;
  for (std::uint32_t n = 1; n < line; ++n) {
    const auto end = text.find('\n', start);
    if (end == std::string_view::npos) return {};
    start = end + 1;
  }
  return text.substr(start, std::min(text.find('\n', start), text.size()) - start);
}

/// One byte of the user's line as the terminal may see it. UTF-8 passes; control characters don't.
char printable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\t') return ' ';
  return byte < 0x20 || byte == 0x7f ? '?' : c;
}

void append_excerpt(std::string& out, const Diagnostic& diagnostic, std::string_view text) {
  const std::string_view line = line_of(text, diagnostic.place.line);
  if (line.empty() && diagnostic.hint.empty()) return;
  const std::size_t column = diagnostic.place.column > 0 ? diagnostic.place.column - 1 : 0;
  const std::size_t first = column > shown_columns * 3 / 4 ? column - shown_columns / 2 : 0;
  const std::string_view shown = first < line.size() ? line.substr(first, shown_columns) : std::string_view{};
  out += "    ";
  for (const char c : shown) out += printable(c);
  out += "\n    ";
  // Columns count bytes; a continuation byte of UTF-8 takes no place on the screen.
  for (std::size_t i = 0; i < column - first; ++i)
    if (i >= shown.size() || (static_cast<unsigned char>(shown[i]) & 0xc0) != 0x80) out += ' ';
  out += '^';
  if (!diagnostic.hint.empty()) out += " " + diagnostic.hint;
  out += '\n';
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

void Diagnostics::add(Place place, std::string message, std::string hint) {
  entries.push_back({place, std::move(message), std::move(hint)});
}

void Diagnostics::sort() {
  // Not stable_sort: its buffer is deprecated in the library that the second compiler uses.
  std::vector<std::pair<Place, std::size_t>> order;
  for (std::size_t i = 0; i < entries.size(); ++i) order.emplace_back(entries[i].place, i);
  std::ranges::sort(order);
  std::vector<Diagnostic> sorted;
  for (const auto& [place, i] : order) sorted.push_back(std::move(entries[i]));
  entries = std::move(sorted);
}

std::string render(const Diagnostics& diagnostics, std::string_view file_name, std::string_view text) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.entries) {
    if (diagnostic.place.line == 0) {
      out += fmt::format("{}: {}\n", file_name, diagnostic.message);
      if (!diagnostic.hint.empty()) out += fmt::format("    {}\n", diagnostic.hint);
      continue;
    }
    out += fmt::format("{}:{}:{}: {}\n", file_name, diagnostic.place.line, diagnostic.place.column,
                       diagnostic.message);
    append_excerpt(out, diagnostic, text);
  }
  return out;
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  // Beyond a third of the word it is another word, not a slip. Long words and lists would be quadratic work
  // for a hint.
  if (word.size() > 64) return {};
  std::size_t best = std::max<std::size_t>(1, (word.size() + 2) / 3) + 1;
  std::string_view found;
  std::size_t looked_at = 0;
  for (const std::string_view candidate : candidates) {
    if (++looked_at > 5'000) break;
    if (candidate.size() > word.size() + best || word.size() > candidate.size() + best) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return std::string{found};
}

}  // namespace millrace
