#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "dags/form_check.h"
#include "dags/keys.h"
#include "dags/parser.h"

using namespace millrace;
using nlohmann::json;

namespace {

const json& resolve(const json& root, const json& schema) {
  if (!schema.contains("$ref")) return schema;
  return root.at(json::json_pointer(schema.at("$ref").get<std::string>().substr(1)));
}

int compare(const json& root, const json& at, const Form& form, const std::string& path);

int compare_object(const json& root, const json& schema, const Form& form, const std::string& path) {
  int keys = 0;
  std::size_t known = 0;
  for (const Key& key : form.keys) {
    CAPTURE(path, key.name);
    const std::string name{key.name};
    const bool listed = schema.contains("properties") && schema["properties"].contains(name);
    CHECK(listed == (key.form->shape != Shape::later));
    if (!listed) continue;
    ++known;
    keys += 1 + compare(root, schema["properties"][name], *key.form, path + "." + name);
    CHECK(schema.contains("required") == std::ranges::any_of(form.keys, &Key::required));
  }
  if (schema.contains("properties")) CHECK(schema["properties"].size() == known);
  if (form.items == nullptr)
    CHECK(schema.at("additionalProperties") == false);
  else
    keys += compare(root, schema.at("additionalProperties"), *form.items, path + ".*");
  return keys;
}

/// Walks schema and tables side by side; returns the number of keys seen.
int compare(const json& root, const json& at, const Form& form, const std::string& path) {
  const json& schema = resolve(root, at);
  CAPTURE(path);
  switch (form.shape) {
    case Shape::object:
      REQUIRE(schema.at("type") == "object");
      return compare_object(root, schema, form, path);
    case Shape::list:
      REQUIRE(schema.at("type") == "array");
      return compare(root, schema["items"], *form.items, path);
    case Shape::word:
      CHECK(schema.at("enum").size() == form.words.size());
      return 0;
    case Shape::one_of: {
      int keys = 0;
      REQUIRE(schema.at("anyOf").size() == form.forms.size());
      for (std::size_t i = 0; i < form.forms.size(); ++i)
        keys += compare(root, schema["anyOf"][i], *form.forms[i], path);
      return keys;
    }
    default:
      return 0;
  }
}

/// What the parser says of a key at the top of a task.
bool parser_knows(const std::string& key) {
  const auto result = parse_dag("dag_id: d\ntasks:\n  a:\n    " + key + ": {}\n");
  for (const Diagnostic& found : result.diagnostics.entries)
    if (found.message.starts_with("unknown key") || found.message.ends_with("not available in this version"))
      return false;
  return true;
}

}  // namespace

TEST_CASE("the schema and the parser know the same keys") {
  const json schema = json::parse(dag_json_schema());
  CHECK(schema.at("$schema") == "https://json-schema.org/draft/2020-12/schema");
  CHECK(compare(schema, schema, dag_form, "") > 150);
  for (const auto& [key, value] : schema["$defs"]["task"]["properties"].items()) {
    CAPTURE(key);
    CHECK(parser_knows(key));
  }
  for (const char* key : {"sql", "cache", "materialize", "profile", "commnd", "zzz"}) {
    CAPTURE(key);
    CHECK_FALSE(parser_knows(key));
    CHECK_FALSE(schema["$defs"]["task"]["properties"].contains(key));
  }
}
