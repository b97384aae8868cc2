#pragma once

#include <expected>
#include <initializer_list>
#include <string_view>

#include "api/call.h"
#include "store/reader.h"

/// The filters of Airflow's lists, read from a query. Its batch lists (`POST …/list`) take the same ones in a
/// body.
namespace millrace {

std::expected<RunFilter, Problem> run_filter(const Call&, StoreReader&);
/// Looks runs up by name where the query or the path names them.
std::expected<TaskInstanceFilter, Problem> task_instance_filter(const Call&, StoreReader&);
std::expected<EventFilter, Problem> event_filter(const Call&, StoreReader&);

/// The call as the list would get it: the members of its body as its query.
std::expected<Call, Problem> as_list(const Call&);

/// `<field>_gte`, `_gt`, `_lte` and `_lt`.
std::expected<TimeSpan, Problem> time_span(const Call&, std::string_view field, const LocalClock& = {});
/// `<field>_pattern` and `<field>_prefix_pattern`.
TextMatch text_match(const Call&, std::string_view field);
/// true, false or nothing.
std::expected<std::optional<bool>, Problem> flag_in_query(const Call&, std::string_view name);
/// Whether a text matches, for lists that are made in memory: as the store does it.
bool matches(const TextMatch&, std::string_view text);
/// Refuses filters that would silently mean nothing here.
std::expected<void, Problem> refuse_filters(const Call&, std::initializer_list<std::string_view>,
                                            std::string_view why);

/// The rows of one page, and `order_by` left to the caller.
template <class Row>
std::vector<Row> one_page(const std::vector<Row>& rows, const Page& page) {
  const std::size_t from = std::min(rows.size(), static_cast<std::size_t>(page.offset));
  const std::size_t to = std::min(rows.size(), from + static_cast<std::size_t>(page.limit));
  return {rows.begin() + static_cast<std::ptrdiff_t>(from), rows.begin() + static_cast<std::ptrdiff_t>(to)};
}

}  // namespace millrace
