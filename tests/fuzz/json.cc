// A request's JSON: what is taken can be written and read again, and means the same.
#include "api/json.h"

#include "base/limits.h"
#include "input.h"

using namespace millrace;

namespace {

int depth(const JsonValue& value) {
  int most = 0;
  for (const JsonValue& item : value.items) most = std::max(most, depth(item));
  for (const JsonMember& member : value.members) most = std::max(most, depth(member.value));
  return most + 1;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Input(data, size).rest();
  const auto value = parse_json(text);
  if (!value) {
    fuzz::claim(!value.error().message.empty(), "a refusal has words");
  } else {
    fuzz::claim(depth(*value) <= static_cast<int>(limits::json_depth) + 1, "depth is limited");
    const std::string written = to_json(*value);
    const auto again = parse_json(written);
    fuzz::claim(again.has_value(), "what we write we can read");
    fuzz::claim(to_json(*again) == written, "and it says the same");
  }
  JsonWriter out;  // any bytes at all, from a log or a file name
  out.begin_object().text_field("t", text).end_object();
  const auto wrapped = parse_json(out.text());
  fuzz::claim(wrapped && wrapped->find("t") != nullptr, "any bytes can be a string of an answer");
  return 0;
}
