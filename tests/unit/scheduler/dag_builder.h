#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dags/dag.h"

namespace millrace::test {

/// Makes Dag values for tests without the YAML parser.
class DagBuilder {
 public:
  explicit DagBuilder(std::string dag_id);
  /// "a -> b c -> d, a -> d": chains; all of one step precede all of the next. Names tasks on first sight.
  DagBuilder& edges(std::string_view text);
  /// One option of one task, `retries 1`, or of the DAG when `task` is empty: `max_active_runs 2`.
  DagBuilder& option(const std::string& task, std::string_view text);
  Task& task(const std::string& task_id);
  Dag& dag() { return *dag_; }
  const Dag& dag() const { return *dag_; }
  void edge(const std::string& from, const std::string& to);
  /// An edge between tasks that exist: nothing is looked up.
  void link(std::string from, std::string to) { edges_.emplace_back(std::move(from), std::move(to)); }
  std::shared_ptr<const Dag> build();

 private:
  void task_option(Task&, const std::string& key, const std::string& value);
  void dag_option(const std::string& key, const std::string& value);
  std::shared_ptr<Dag> dag_;
  std::vector<std::pair<std::string, std::string>> edges_;
};

/// Words between blanks.
std::vector<std::string> words(std::string_view);
/// Parts between `separator`, trimmed.
std::vector<std::string> split(std::string_view, char separator);
Duration duration_from(std::string_view);  ///< `10s 5m 2h 3d 250ms`
WallTime date_from(std::string_view);

}  // namespace millrace::test
