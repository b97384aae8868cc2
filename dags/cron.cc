// Cron text to bit sets. The grammar is crontab(5) plus a leading seconds field; each refusal names the
// field, the value and what is allowed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "dags/schedule.h"

namespace millrace {
namespace {

constexpr std::size_t longest_cron = 512;

constexpr std::array<std::string_view, 12> month_names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> presets = {{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@quarterly", "0 0 1 */3 *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

struct Field {
  std::string_view name;
  int low, high;
  int last;  // of `*`: weekday 7 is a second name of 0
  std::span<const std::string_view> words;
  int first_word;
};

const std::array<Field, 6> fields = {{
    {"second", 0, 59, 59, {}, 0},
    {"minute", 0, 59, 59, {}, 0},
    {"hour", 0, 23, 23, {}, 0},
    {"day", 1, 31, 31, {}, 0},
    {"month", 1, 12, 12, month_names, 1},
    {"weekday", 0, 7, 6, weekday_names, 0},
}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out)
    if (c < 0x20 || c > 0x7e) c = '?';
  return out;
}

std::unexpected<Error> refuse(const Field& field, std::string_view why) {
  return fail(ErrorKind::invalid, fmt::format("cron field '{}': {}", field.name, why));
}

/// What an odd value was probably meant to be.
std::string hint_for(const Field& field, const std::string& value) {
  if (value == "?") return "; '?' is Quartz's: write '*'";
  if (value.empty()) return "; write a number, a range `a-b`, a list `a,b`, a step `*/n` or `*`";
  if (value.find_first_of("lwh#") != std::string::npos && value.size() <= 3)
    return "; 'L', 'W', 'H' and '#' of other crons aren't known here";
  const std::string near = nearest(value, {field.words.begin(), field.words.end()});
  if (!near.empty()) return fmt::format("; did you mean '{}'?", near);
  if (!field.words.empty())
    return fmt::format("; allowed are {}-{} and the names {}..{}", field.low, field.high, field.words.front(),
                       field.words.back());
  return fmt::format("; allowed are {}-{}", field.low, field.high);
}

Result<int> parse_number(std::string_view text, const Field& field) {
  if (is_digits(text)) {
    int value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec != std::errc{} || value < field.low || value > field.high) {
      return refuse(field, fmt::format("{} is out of range, allowed are {}-{}", printable(text), field.low,
                                       field.high));
    }
    return value;
  }
  const std::string word = lower(text);
  const auto found = std::ranges::find(field.words, std::string_view(word));
  if (found != field.words.end()) return field.first_word + static_cast<int>(found - field.words.begin());
  return refuse(field, fmt::format("'{}' isn't a value{}", printable(text), hint_for(field, word)));
}

Result<int> parse_step(std::string_view text, const Field& field) {
  int step = 0;
  if (!is_digits(text)) return refuse(field, fmt::format("step '{}' isn't a number", printable(text)));
  const auto end = std::from_chars(text.data(), text.data() + text.size(), step);
  const int most = field.last - field.low + 1;
  if (end.ec != std::errc{} || step < 1 || step > most)
    return refuse(field, fmt::format("step {} is out of range, allowed are 1-{}", printable(text), most));
  return step;
}

/// One element of a list: `*`, `a`, `a-b`, each with `/step`.
Result<std::uint64_t> parse_element(std::string_view text, const Field& field) {
  const std::size_t slash = text.find('/');
  const std::string_view base = text.substr(0, slash);
  const std::size_t dash = base.find('-');
  int first = field.low, last = field.last, step = 1;
  if (base != "*") {
    const auto from = parse_number(base.substr(0, dash), field);
    if (!from) return std::unexpected(from.error());
    first = last = *from;
    if (dash != std::string_view::npos) {
      const auto to = parse_number(base.substr(dash + 1), field);
      if (!to) return std::unexpected(to.error());
      last = *to;
      if (field.name == "weekday" && last == 0 && first > 0)
        last = 7;  // `fri-sun` ends on Sunday, it doesn't wrap
      if (last < first) {
        return refuse(field,
                      fmt::format("range {} runs backwards; a range can't wrap around: write {}-{},{}-{}",
                                  printable(base), first, field.last, field.low, last));
      }
    } else if (slash != std::string_view::npos) {
      last = std::max(field.last, first);
    }
  }
  if (slash != std::string_view::npos) {
    const auto parsed = parse_step(text.substr(slash + 1), field);
    if (!parsed) return std::unexpected(parsed.error());
    step = *parsed;
  }
  std::uint64_t bits = 0;
  for (int value = first; value <= last; value += step) bits |= std::uint64_t{1} << value;
  return bits;
}

Result<std::uint64_t> parse_field(std::string_view text, const Field& field) {
  std::uint64_t bits = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const auto element = parse_element(text.substr(begin, comma - begin), field);
    if (!element) return element;
    bits |= *element;
    begin = comma + 1;
  }
  if (field.name == "weekday" && (bits & 0x80u) != 0) bits = (bits & 0x7fu) | 1u;
  return bits;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = text.find_first_not_of(" \t"); begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(" \t", end);
  }
  return words;
}

/// Whether some month that is chosen has a day that is chosen. Weekdays always come.
bool comes(const Cron& cron) {
  if (cron.day_restricted && cron.weekday_restricted) return true;
  constexpr std::array<unsigned, 12> longest = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (unsigned month = 1; month <= 12; ++month) {
    const std::uint64_t in_month = (std::uint64_t{2} << longest[month - 1]) - 2;
    if ((cron.months >> month & 1u) != 0 && (cron.days & in_month) != 0) return true;
  }
  return false;
}

Result<std::string_view> expand_preset(std::string_view word) {
  const std::string name = lower(word);
  std::vector<std::string_view> names;
  for (const auto& [preset, cron] : presets) {
    if (preset == name) return cron;
    names.push_back(preset);
  }
  const std::string near = nearest(name, names);
  return fail(
      ErrorKind::invalid,
      fmt::format("'{}' isn't a preset; {}", printable(word),
                  near.empty() ? std::string("known are @hourly @daily @midnight @weekly @monthly @quarterly "
                                             "@yearly @annually")
                               : fmt::format("did you mean '{}'?", near)));
}

}  // namespace

Result<Cron> parse_cron(std::string_view text) {
  if (text.size() > longest_cron) return fail(ErrorKind::invalid, "a cron of more than 512 bytes isn't one");
  std::vector<std::string_view> words = split_words(text);
  if (words.size() == 1 && words[0].starts_with('@')) {
    const auto expanded = expand_preset(words[0]);
    if (!expanded) return std::unexpected(expanded.error());
    words = split_words(*expanded);
  }
  if (words.size() != 5 && words.size() != 6) {
    return fail(
        ErrorKind::invalid,
        fmt::format("a cron has 5 fields (minute hour day month weekday) or 6 (second first), this has {}",
                    words.size()));
  }
  std::array<std::uint64_t, 6> bits = {1, 0, 0, 0, 0, 0};
  const std::size_t first = 6 - words.size();
  for (std::size_t i = first; i < 6; ++i) {
    const auto parsed = parse_field(words[i - first], fields[i]);
    if (!parsed) return std::unexpected(parsed.error());
    bits[i] = *parsed;
  }
  const auto has_star = [&](std::size_t field) {
    return words[field - first].find('*') != std::string_view::npos;
  };
  Cron cron;
  cron.seconds = bits[0];
  cron.minutes = bits[1];
  cron.hours = static_cast<std::uint32_t>(bits[2]);
  cron.days = static_cast<std::uint32_t>(bits[3]);
  cron.months = static_cast<std::uint16_t>(bits[4]);
  cron.weekdays = static_cast<std::uint8_t>(bits[5]);
  cron.day_restricted = !has_star(3);
  cron.weekday_restricted = !has_star(5);
  cron.wildcard = has_star(1) || has_star(2);
  cron.source = fmt::format("{}", fmt::join(words, " "));
  if (!comes(cron)) {
    return fail(ErrorKind::invalid, fmt::format("'{}' never comes: no month of '{}' has a day '{}'",
                                                cron.source, words[4 - first], words[3 - first]));
  }
  return cron;
}

}  // namespace millrace
