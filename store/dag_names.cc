#include "store/dag_names.h"

#include "store/queries.h"

namespace millrace {
namespace {

constexpr std::size_t few_dags = 200;

}  // namespace

std::vector<std::string> dags_like(sqlite::Connection& connection, const TextMatch& match,
                                   const Scope* scope) {
  std::vector<std::string> names;
  if (match.like.empty() && match.prefix.empty()) return names;
  Where like;
  like.text("dag_id", match);
  if (scope != nullptr) like.within("dag_id", *scope);
  sqlite::Statement dags(connection, queries::dags_like(like.sql(), few_dags + 1));
  like.bind(dags);
  while (dags.step()) names.emplace_back(dags.text(0));
  if (names.empty()) names.emplace_back();
  return names;
}

bool are_few(sqlite::Connection& connection, const std::vector<std::string>& names, const char* counts) {
  if (names.empty() || names.size() > few_dags) return false;
  Where of_these;
  of_these.one_of("dag_id", names);
  return kept_sum(connection, counts, of_these) <= few_rows;
}

std::vector<RunCount> kept_runs(sqlite::Connection& connection, const Scope& dags) {
  sqlite::Statement kept(connection, queries::kept_runs_of_dags());
  kept.bind(1, std::string_view(dags.json()));
  std::vector<RunCount> out;
  while (kept.step()) {
    RunCount& count = out.emplace_back();
    count.dag_id = kept.text(0);
    count.state = run_state_from(kept.text(1)).value_or(RunState::queued);
    count.runs = kept.integer(2);
  }
  return out;
}

std::int64_t kept_sum(sqlite::Connection& connection, const char* counts, const Where& where) {
  sqlite::Statement sum(connection, queries::kept_sum(counts, where.sql()));
  where.bind(sum);
  return sum.step() ? sum.integer(0) : 0;
}

}  // namespace millrace
