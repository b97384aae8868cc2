#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Some DAGs, as a token may be limited to them: what a StoreReader shows. A value.
class Scope {
 public:
  explicit Scope(std::vector<std::string> dag_ids);

  bool has(std::string_view dag_id) const;
  /// As a JSON array: one value to bind, however many they are.
  const std::string& json() const { return json_; }

 private:
  std::vector<std::string> dag_ids_;  // sorted
  std::string json_;
};

/// The words of a cause, or of who did it, without the name of a task (`task DAG/RUN/TASK`) of a DAG that
/// isn't seen.
std::string without_others(std::string_view words, const std::function<bool(std::string_view)>& sees);

}  // namespace millrace
