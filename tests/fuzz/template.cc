// A template and the values it is filled with: an error with words or text; a value arrives as it is.
#include "dags/template.h"
#include "input.h"

using namespace millrace;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  TemplateScope scope;
  scope.params = {"name", "days"}, scope.env = {"HOME"}, scope.outputs = {"out"}, scope.inputs = {"in"};
  scope.tasks = {"list"};
  scope.item_allowed = in.chance(50);
  TemplateValue value;
  value.kind = static_cast<TemplateValue::Kind>(in.below(3));
  value.time_us = static_cast<std::int64_t>(in.number(7));
  value.text = in.text();
  const std::string_view text = in.rest();
  Diagnostics wrong;
  const auto parsed = parse_template(text, {1, 1}, scope, wrong);
  fuzz::claim(parsed.has_value() == wrong.empty(), "a template or a reason, not both");
  if (!parsed) return 0;
  fuzz::claim(parsed->source == text, "a template remembers what it was written as");
  std::size_t asked = 0;
  const auto filled = render(*parsed, [&](std::string_view) {
    ++asked;
    return std::optional(value);
  });
  fuzz::claim(filled.has_value() || !filled.error().message.empty(), "an error has words");
  if (parsed->is_literal() && parsed->parts.size() == 1)
    fuzz::claim(filled && *filled == parsed->parts[0].literal && asked == 0, "plain text stays as it is");
  const auto missing = render(*parsed, [](std::string_view) { return std::optional<TemplateValue>(); });
  fuzz::claim(missing.has_value() || !missing.error().message.empty(), "what is missing is said");
  return 0;
}
