#include "api/content_coding.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

namespace millrace {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes the part before the next `separator` off `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const std::string_view part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return trimmed(part);
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// `0.25` → 250; nothing for what isn't a weight (RFC 9110 12.4.2).
std::optional<int> weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int out = (text[0] - '0') * 1000;
  if (text.size() == 1) return out;
  if (text[1] != '.') return std::nullopt;
  int worth = 100;
  for (const char digit : text.substr(2)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    out += (digit - '0') * worth;
    worth /= 10;
  }
  return out <= 1000 ? std::optional(out) : std::nullopt;
}

bool names(std::string_view token, Coding coding) {
  return same(token, to_word(coding)) || (coding == Coding::gzip && same(token, "x-gzip"));
}

}  // namespace

std::string_view to_word(Coding coding) {
  switch (coding) {
    case Coding::identity:
      return "identity";
    case Coding::gzip:
      return "gzip";
    case Coding::br:
      return "br";
  }
  return "identity";
}

int weight_of(Coding coding, const HttpRequest& request) {
  int of_star = 0;
  for (const auto& [name, value] : request.headers) {
    if (name != "accept-encoding") continue;
    for (std::string_view rest = value; !rest.empty();) {
      std::string_view item = take(rest, ',');
      const std::string_view token = take(item, ';');
      std::optional<int> found = 1000;
      while (!item.empty()) {
        std::string_view value_of = take(item, ';');
        if (same(take(value_of, '='), "q")) found = weight(trimmed(value_of));
      }
      if (!found) continue;  // not understood: as if it weren't there
      if (names(token, coding)) return *found;
      if (token == "*") of_star = *found;
    }
  }
  return of_star;
}

Coding choose_coding(std::span<const Coding> offered, const HttpRequest& request) {
  Coding best = Coding::identity;
  int most = 0;
  for (const Coding coding : offered) {
    if (const int found = weight_of(coding, request); found > most) {
      best = coding;
      most = found;
    }
  }
  return best;
}

}  // namespace millrace
