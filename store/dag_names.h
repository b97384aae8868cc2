#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/list_query.h"
#include "store/scope.h"

/// The DAGs that a pattern means, and how much they have. Internal to store/.
namespace millrace {

/// Fewer rows than this are found by an index and sorted; more lie so close together that a page of them is
/// found soon on a walk in its order.
inline constexpr std::int64_t few_rows = 20'000;

/// The names that fit, of the scope when there is one, and no more than needed to see that they aren't few;
/// none when nothing is asked for, an empty one when no name fits.
std::vector<std::string> dags_like(sqlite::Connection&, const TextMatch&, const Scope*);
/// Whether all that these DAGs have, as the table `counts` says, is few_rows at most.
bool are_few(sqlite::Connection&, const std::vector<std::string>& names, const char* counts);
/// Of each of these DAGs in each state.
std::vector<RunCount> kept_runs(sqlite::Connection&, const Scope&);
/// Of the rows of `counts` that match.
std::int64_t kept_sum(sqlite::Connection&, const char* counts, const Where&);

/// A pattern that one DAG's name fits is as good as that name.
template <class Filter>
std::optional<Filter> of_one_dag(const Filter& filter, const std::vector<std::string>& names) {
  if (names.size() != 1 || names[0].empty() || !filter.dag_id.empty()) return std::nullopt;
  Filter out = filter;
  out.dag = {};
  out.dag_id = names[0];
  return out;
}

}  // namespace millrace
