#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "base/embedded.h"

namespace millrace {

/// The files of api/schemas/, read once. They are JSON Schema (2020-12) with a short form for what is said
/// most:
///
/// - where a schema is expected, `"TYPE words"`: a type and, after a blank, its description. A type is
/// string,
///   integer, number, boolean, null, or the name of a schema; `[T]` a list of T, `{T}` an object whose values
///   are T, `T?` T or null;
/// - every property is required; `"name?"` may be absent;
/// - `"extends": "Name"` takes the properties of another schema over;
/// - `"gives": {"run_id": "dag_run_id"}`: which member is which path parameter, for links from what was made.
class SchemaBook {
 public:
  using Entries = std::map<std::string, JsonValue, std::less<>>;

  /// Keeps what is wrong with the files: see faults().
  explicit SchemaBook(std::span<const EmbeddedFile> files);
  /// The one of this binary.
  static const SchemaBook& embedded();

  const JsonValue* schema(std::string_view name) const;
  const Entries& schemas() const { return schemas_; }
  /// Parameters of `place`: path, query or header. A key is the parameter's name, or `name:which` where
  /// resources differ, or the name of a group.
  const JsonValue* parameter(std::string_view place, std::string_view key) const;
  const Entries& parameters(std::string_view place) const;
  /// Key by key, groups taken apart: `limit run_dates` → `limit logical_date_gte …`.
  std::vector<std::string> parameter_keys(std::string_view place, std::string_view words) const;

  /// Writes the full form; adds the names it refers to.
  void write(JsonWriter&, const JsonValue& schema, std::set<std::string>* refers_to = nullptr) const;
  /// The schemas that `names` stand for, with all that these refer to.
  std::set<std::string> reachable(std::set<std::string> names) const;
  /// Which members of an object of this schema must be there.
  std::vector<std::string> required(const JsonValue& schema) const;

  /// The `gives` of a schema or of what it extends; null: none.
  const JsonValue* gives(const JsonValue& schema) const;

  /// In words, one a line; empty when all is well.
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  struct Property {
    std::string name;
    const JsonValue* schema;
    bool required;
  };
  std::vector<Property> properties(const JsonValue& schema) const;
  void write_short(JsonWriter&, std::string_view text, std::set<std::string>*) const;
  void write_type(JsonWriter&, std::string_view type, std::string_view description,
                  std::set<std::string>*) const;
  void write_member(JsonWriter&, const JsonMember&, std::set<std::string>*) const;

  Entries schemas_;
  std::map<std::string, Entries, std::less<>> parameters_;
  std::vector<std::string> faults_;
};

}  // namespace millrace
