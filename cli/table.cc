#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace millrace::cli {

std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

namespace {

/// Characters, not bytes: UTF-8 continuation bytes don't count.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string_view color_of(std::string_view word) {
  if (word == "success" || word == "completed") return "\033[32m";
  if (word == "failed" || word == "upstream_failed" || word == "cancelled") return "\033[31m";
  if (word == "running" || word == "restarting") return "\033[36m";
  if (word == "up_for_retry" || word == "up_for_reschedule" || word == "paused") return "\033[33m";
  return "";
}

}  // namespace

std::string render_table(const std::vector<std::string>& headings,
                         const std::vector<std::vector<std::string>>& rows, bool color) {
  std::vector<std::size_t> widths;
  for (const std::string& heading : headings) widths.push_back(width_of(heading));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells, bool painted) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = i < cells.size() ? printable(cells[i]) : "";
      const std::string_view paint = painted ? color_of(cell) : std::string_view{};
      out += paint;
      out += cell;
      if (!paint.empty()) out += "\033[0m";
      if (i + 1 < widths.size()) out.append(widths[i] - width_of(cell) + 2, ' ');
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += '\n';
  };
  line(headings, false);
  for (const auto& row : rows) line(row, color);
  return out;
}

std::string render_facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts) widest = std::max(widest, width_of(name));
  std::string out;
  for (const auto& [name, value] : facts) {
    if (value.empty()) continue;
    out += name;
    out.append(widest - width_of(name) + 2, ' ');
    out += printable(value) + "\n";
  }
  return out;
}

std::string render_bar(long long done, long long total, int width) {
  const long long most = std::max(total, 1LL);
  const auto filled =
      static_cast<std::size_t>(std::clamp(done * width / most, 0LL, static_cast<long long>(width)));
  const std::string bar =
      std::string(filled, '#') + std::string(static_cast<std::size_t>(width) - filled, '.');
  return fmt::format("[{}] {:3} %  {}/{}", bar, std::clamp(done * 100 / most, 0LL, 100LL), done, total);
}

std::string render_seconds(std::string_view text) {
  if (text.empty()) return "";
  const double seconds = std::strtod(std::string(text).c_str(), nullptr);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long long>(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace millrace::cli
