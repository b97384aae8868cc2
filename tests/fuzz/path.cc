// A request target: what comes out of a path may be a file's name.
#include "api/http.h"
#include "api/routes.h"
#include "input.h"

using namespace millrace;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  static constexpr std::string_view methods[] = {"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"};
  const std::string_view method = methods[in.below(std::size(methods))];
  const std::string_view path = in.text();
  const Match match = match_route(method, path);
  fuzz::claim(match.route == nullptr || !match.allow.empty(), "a route has methods");
  for (const auto& [name, value] : match.params) {
    if (match.bad_escape || !segment_ok(name, value)) continue;
    if (name == "docs_file" || name == "variable_key") continue;  // compared with names, never a path
    fuzz::claim(!value.empty() && value.size() <= 250, "an id has a length");
    fuzz::claim(value != "." && value != "..", "an id isn't a way up");
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      fuzz::claim(byte > 0x20 && byte < 0x7f && c != '/' && c != '\\' && c != '%', "an id is plain");
    }
  }
  const std::string_view query = in.text();
  if (const auto pairs = parse_query(query)) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : *pairs) bytes += name.size() + value.size();
    fuzz::claim(bytes <= query.size(), "decoding makes nothing up");
  }
  const auto once = percent_decode(path, false);
  if (once) fuzz::claim(once->size() <= path.size(), "decoding makes nothing longer");
  return 0;
}
