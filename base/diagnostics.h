#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A position in a user's file, 1-based; column counts bytes. {0, 0} is "no place".
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct Diagnostic {
  Place place;
  std::string
      message;       ///< lower case, no full stop: "task 'load' depends on 'transfrm', which isn't defined"
  std::string hint;  ///< may be empty: "did you mean 'transform' (line 5)?"
  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

/// All that is wrong with one file, in the order of the file. Collected, never thrown.
struct Diagnostics {
  std::vector<Diagnostic> entries;

  bool empty() const { return entries.empty(); }
  void add(Place, std::string message, std::string hint = {});
  void sort();  ///< by place; stable
};

/// `file:line:column: message`, the source line, a caret and the hint, for each entry. A line longer than the
/// screen is cut around the caret; bytes that aren't printable are shown as `?`.
std::string render(const Diagnostics&, std::string_view file_name, std::string_view text);

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to be meant.
std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace millrace
