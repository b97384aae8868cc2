#include "api/params.h"

#include "dags/parser.h"

namespace millrace {
namespace {

/// `date` and `timestamp` are texts of a format to JSON Schema; `type` keeps the language's own word.
void write_schema(JsonWriter& out, const Param& param) {
  out.begin_object().text_field("type", param.type);
  if (!param.enum_values.empty()) {
    out.key("enum").begin_array();
    for (const JsonText& value : param.enum_values) out.raw(value);
    out.end_array();
  }
  if (param.minimum) out.key("minimum").number(*param.minimum);
  if (param.maximum) out.key("maximum").number(*param.maximum);
  if (!param.pattern.empty()) out.text_field("pattern", param.pattern);
  out.end_object();
}

}  // namespace

void write_params(JsonWriter& out, const Dag& dag) {
  out.key("params").begin_object();
  for (const Param& param : dag.params) {
    out.key(param.name).begin_object();
    out.raw_field("value", param.default_value.value_or("null")).word_field("description", param.description);
    out.key("schema");
    write_schema(out, param);
    out.end_object();
  }
  out.end_object();
}

std::expected<JsonText, Problem> read_params(std::string_view field, const Dag& dag,
                                             std::string_view conf_json) {
  auto params = resolve_params(dag, conf_json);
  if (params) return std::move(*params);
  auto refused = refuse_field(std::string(field), params.error().message);
  refused.error().errors.clear();
  for (ParamFault& fault : param_faults(dag, conf_json)) {
    FieldError error;
    error.loc = {"body", std::string(field)};
    if (!fault.param.empty()) error.loc.push_back(std::move(fault.param));
    error.msg = std::move(fault.message);
    refused.error().errors.push_back(std::move(error));
  }
  return refused;
}

}  // namespace millrace
