#include <nlohmann/json.hpp>
#include <string>

#include "base/limits.h"
#include "dags/keys.h"
#include "dags/parser.h"

namespace millrace {
namespace {

using Json = nlohmann::ordered_json;

Json schema_of(const Form& form);

Json text_with(std::string_view pattern) { return {{"type", "string"}, {"pattern", pattern}}; }

Json object_schema(const Form& form) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Key& key : form.keys) {
    if (key.form->shape == Shape::later) continue;
    Json property = key.form == &task_form ? Json{{"$ref", "#/$defs/task"}} : schema_of(*key.form);
    if (!key.description.empty()) property["description"] = key.description;
    properties[std::string{key.name}] = std::move(property);
    if (key.required) required.push_back(key.name);
  }
  Json out{{"type", "object"}};
  if (!properties.empty()) out["properties"] = std::move(properties);
  if (!required.empty()) out["required"] = std::move(required);
  if (form.items == nullptr) {
    out["additionalProperties"] = false;
  } else {
    out["additionalProperties"] =
        form.items == &task_form ? Json{{"$ref", "#/$defs/task"}} : schema_of(*form.items);
    out["propertyNames"] =
        text_with(form.keys_are_names ? "^[A-Za-z_][A-Za-z0-9_]{0,199}$" : "^[A-Za-z0-9_.-]{1,200}$");
  }
  if (form.at_least > 0) out["minProperties"] = form.at_least;
  return out;
}

Json number_schema(const Form& form, std::string_view type) {
  Json out{{"type", type}};
  const auto bound = [&](double value) {
    return type == "integer" ? Json(static_cast<std::int64_t>(value)) : Json(value);
  };
  if (form.minimum > -9e15) out["minimum"] = bound(form.minimum);
  if (form.maximum < 9e15) out["maximum"] = bound(form.maximum);
  return out;
}

Json schema_of(const Form& form) {
  switch (form.shape) {
    case Shape::null:
      return {{"type", "null"}};
    case Shape::text:
    case Shape::templated:
      return {{"type", {"string", "number", "boolean"}}};
    case Shape::id:
      return text_with("^[A-Za-z0-9_.-]{1,200}$");
    case Shape::name:
      return text_with("^[A-Za-z_][A-Za-z0-9_]{0,199}$");
    case Shape::boolean:
      return {{"type", "boolean"}};
    case Shape::integer:
      return number_schema(form, "integer");
    case Shape::number:
      return number_schema(form, "number");
    case Shape::duration:
      return text_with("^([0-9]+(w|d|h|m|s|ms))+$");
    case Shape::size:
      return text_with("^[0-9]+(\\.[0-9]+)?([KMGTP]i|[kKMGT])?B$");
    case Shape::moment:
      return text_with("^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?$");
    case Shape::word:
      return {{"enum", form.words}};
    case Shape::any:
      return Json::object();
    case Shape::list: {
      Json out{{"type", "array"}, {"items", schema_of(*form.items)}};
      if (form.at_least > 0) out["minItems"] = form.at_least;
      return out;
    }
    case Shape::object:
      return object_schema(form);
    case Shape::one_of: {
      Json forms = Json::array();
      for (const Form* choice : form.forms) forms.push_back(schema_of(*choice));
      return {{"anyOf", std::move(forms)}};
    }
    case Shape::later:
      return false;
  }
  return {};
}

}  // namespace

std::string dag_json_schema() {
  Json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Millrace DAG"}};
  out.update(object_schema(dag_form));
  out["$defs"] = {{"task", object_schema(task_form)}};
  return out.dump(2) + "\n";
}

}  // namespace millrace
