#include "store/scoped_rows.h"

#include <algorithm>

#include "store/queries.h"

namespace millrace {
namespace {

void hide_words(std::string& words, const Scope& scope) {
  words = without_others(words, [&](std::string_view dag_id) { return scope.has(dag_id); });
}

/// What stands between two quotes and is the name of another DAG becomes `…`.
std::string without_quoted(const std::string& message, const Scope& scope, sqlite::Statement& known) {
  std::string shown;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t open = std::min(message.find('\'', at), message.size());
    shown += message.substr(at, open - at);
    if (open == message.size()) break;
    const std::size_t close = std::min(message.find('\'', open + 1), message.size());
    const std::string name = message.substr(open + 1, close - open - 1);
    known.bind(1, std::string_view(name));
    const sqlite::Use use(known);
    shown += !scope.has(name) && known.step() ? "'…" : "'" + name;
    at = close;
  }
  return shown;
}

}  // namespace

void hide_others(RunRow& row, const Scope& scope) { hide_words(row.triggered_by, scope); }
void hide_others(TaskInstanceRow& row, const Scope& scope) { hide_words(row.changed_by, scope); }
void hide_others(EventRow& row, const Scope& scope) { hide_words(row.cause, scope); }

void hide_others(DatasetEventRow& row, const Scope& scope) {
  if (row.dag_id.empty() || scope.has(row.dag_id)) return;
  row.run = {};
  row.dag_id.clear(), row.run_id.clear(), row.task_id.clear(), row.created_by.clear();
  row.map_index = DatasetEventRow{}.map_index;
}

void hide_others(DatasetVersionRow& row, const Scope& scope) {
  if (scope.has(row.dag_id)) return;
  row.run = {};
  row.attempt = {};
  row.dag_id.clear(), row.run_id.clear(), row.task_id.clear();
  row.map_index = DatasetVersionRow{}.map_index;
}

std::vector<ImportErrorRow> import_errors_of(sqlite::Connection& connection, const Scope& scope) {
  sqlite::Statement statement(connection, queries::import_errors_of_dags());
  statement.bind(1, std::string_view(scope.json()));
  std::vector<ImportErrorRow> rows = read_all<ImportErrorRow>(statement);
  sqlite::Statement known(connection, "SELECT 1 FROM dag WHERE dag_id = ?1");
  for (ImportErrorRow& row : rows) row.message = without_quoted(row.message, scope, known);
  return rows;
}

}  // namespace millrace
