#include "store/sqlite_asset_reader.h"

#include <fmt/format.h>

#include "store/list_query.h"
#include "store/queries.h"
#include "store/scoped_rows.h"

namespace millrace {
namespace {

constexpr SortKey name_keys[] = {{"id", "id"},
                                 {"name", "name"},
                                 {"uri", "uri"},
                                 {"created_at", "created_at"},
                                 {"updated_at", "updated_at"}};
constexpr SortKey event_keys[] = {{"id", "id"},
                                  {"timestamp", "at"},
                                  {"source_dag_id", "source_dag_id"},
                                  {"source_run_id", "source_run_id"},
                                  {"source_task_id", "task_id"},
                                  {"source_map_index", "map_index"}};

/// Airflow's pattern: SQL's LIKE, found anywhere.
void add_pattern(Where& where, std::string_view column, const std::string& pattern) {
  if (pattern.empty() || pattern == "~") return;
  std::vector<std::string> words;
  for (std::size_t from = 0; from <= pattern.size();) {
    const std::size_t bar = std::min(pattern.find('|', from), pattern.size());
    words.push_back(pattern.substr(from, bar - from));
    from = bar + 1;
  }
  where.any_of(fmt::format("{} LIKE '%' || {{}} || '%'", column), words);
}

/// As a stretch of the column's order, for an index to serve.
void add_prefix(Where& where, std::string_view column, const std::string& prefix) {
  if (prefix.empty() || prefix == "~") return;
  where.matches(fmt::format("{} >= {{}}", column), prefix);
  // No text in UTF-8 has the byte 0xff.
  where.matches(fmt::format("{} < {{}}", column), prefix + '\xff');
}

}  // namespace

SqliteAssetReader::SqliteAssetReader(sqlite::Connection& c, const std::optional<Scope>& scope)
    : connection_(c),
      scope_(scope),
      name_by_id_(c, select_from<DatasetNameRow>() + "WHERE id = ?1"),
      name_(c, select_from<DatasetNameRow>() + "WHERE name = ?1"),
      references_(c, queries::dataset_references(false)),
      newest_event_(c, queries::newest_dataset_event()),
      links_(c, queries::links_of_event(false)),
      partitions_(c, queries::partitions()),
      events_of_run_(c, queries::events_of_run()) {}

Result<Listed<DatasetNameRow>> SqliteAssetReader::names(const AssetFilter& filter, const Page& page) {
  Where where;
  add_pattern(where, "name", filter.name_pattern);
  add_pattern(where, "uri", filter.uri_pattern);
  add_prefix(where, "name", filter.name_prefix);
  add_prefix(where, "uri", filter.uri_prefix);
  if (scope_) where.require(where.with(queries::dataset_in_scope("{0}"), *scope_));
  std::vector<std::string> dag_ids = filter.dag_ids;
  if (scope_) std::erase_if(dag_ids, [&](const std::string& dag_id) { return !scope_->has(dag_id); });
  if (!filter.dag_ids.empty() && dag_ids.empty()) return Listed<DatasetNameRow>{};
  if (!dag_ids.empty())
    where.any_of("id IN (SELECT dataset_id FROM dataset_reference WHERE dag_id = {})", dag_ids);
  else if (filter.only_active)
    where.holds("EXISTS (SELECT 1 FROM dataset_reference WHERE dataset_id = dataset_name.id)");
  const auto order = order_clause(page, name_keys, "id", "id");
  if (!order) return std::unexpected(order.error());
  return list_rows<DatasetNameRow>(connection_, where, *order, page);
}

template <class Key>
std::optional<DatasetNameRow> SqliteAssetReader::in_scope(const char* key, Key value) {
  sqlite::Statement one(connection_, queries::dataset_name_in_scope(key));
  one.bind(1, value);
  one.bind(2, std::string_view(scope_->json()));
  return read_one<DatasetNameRow>(one);
}

std::optional<DatasetNameRow> SqliteAssetReader::name(std::int64_t id) {
  if (scope_) return in_scope("id", id);
  name_by_id_.bind(1, id);
  return read_one<DatasetNameRow>(name_by_id_);
}

std::optional<DatasetNameRow> SqliteAssetReader::name(std::string_view name) {
  if (scope_) return in_scope("name", name);
  name_.bind(1, name);
  return read_one<DatasetNameRow>(name_);
}

std::vector<DatasetReferenceRow> SqliteAssetReader::references(std::int64_t dataset) {
  if (scope_) {
    sqlite::Statement of_scope(connection_, queries::dataset_references(true));
    of_scope.bind(1, dataset);
    of_scope.bind(2, std::string_view(scope_->json()));
    return read_all<DatasetReferenceRow>(of_scope);
  }
  references_.bind(1, dataset);
  return read_all<DatasetReferenceRow>(references_);
}

Result<Listed<DatasetEventRow>> SqliteAssetReader::events(const AssetEventFilter& filter, const Page& page) {
  Where where;
  // The other DAGs' names are left out before anything is filtered or sorted by them.
  if (scope_) where.read_from(queries::dataset_events_in_scope("{0}"), *scope_);
  if (!filter.dataset.empty()) where.equals("dataset", filter.dataset);
  if (!filter.dag_id.empty()) where.equals("source_dag_id", filter.dag_id);
  if (!filter.run_id.empty()) where.equals("source_run_id", filter.run_id);
  if (!filter.task_id.empty()) where.equals("task_id", filter.task_id);
  if (filter.map_index) where.equals("map_index", std::int64_t{*filter.map_index});
  where.at_least("at", filter.from);
  where.at_most("at", filter.to);
  add_pattern(where, "dataset", filter.name_pattern);
  add_prefix(where, "dataset", filter.name_prefix);
  const auto order = order_clause(page, event_keys, "id", "id");
  if (!order) return std::unexpected(order.error());
  if (scope_ || where.size() > 0) return list_rows<DatasetEventRow>(connection_, where, *order, page);
  // Events are numbered without gaps and never deleted: the last number is their count.
  Page uncounted = page;
  uncounted.counted = false;
  auto listed = list_rows<DatasetEventRow>(connection_, where, *order, uncounted);
  if (listed) listed->total_entries = connection_.integer(queries::max_id("dataset_event")).value_or(0);
  return listed;
}

std::optional<DatasetEventRow> SqliteAssetReader::newest_event(std::string_view dataset) {
  if (scope_ && !name(dataset)) return std::nullopt;
  newest_event_.bind(1, dataset);
  auto row = read_one<DatasetEventRow>(newest_event_);
  if (row && scope_) hide_others(*row, *scope_);
  return row;
}

std::vector<DatasetEventRunRow> SqliteAssetReader::links(std::int64_t event) {
  if (scope_) {
    sqlite::Statement of_scope(connection_, queries::links_of_event(true));
    of_scope.bind(1, event);
    of_scope.bind(2, std::string_view(scope_->json()));
    return read_all<DatasetEventRunRow>(of_scope);
  }
  links_.bind(1, event);
  return read_all<DatasetEventRunRow>(links_);
}

std::vector<WallTime> SqliteAssetReader::partitions(std::string_view dataset, WallTime from, WallTime to) {
  partitions_.bind(1, dataset);
  partitions_.bind(2, from.us);
  partitions_.bind(3, to.us);
  const sqlite::Use use(partitions_);
  std::vector<WallTime> out;
  while (partitions_.step()) out.push_back({partitions_.integer(0)});
  return out;
}

std::vector<DatasetEventRow> SqliteAssetReader::events_of_run(RunId run) {
  events_of_run_.bind(1, run.value);
  auto rows = read_all<DatasetEventRow>(events_of_run_);
  if (scope_) hide_others(rows, *scope_);
  return rows;
}

std::vector<QueuedDatasetEventRow> SqliteAssetReader::queued(std::string_view dag_id,
                                                             std::string_view dataset,
                                                             std::optional<WallTime> before) {
  sqlite::Statement statement(connection_,
                              queries::queued_of(!dag_id.empty(), !dataset.empty(), before.has_value(),
                                                 scope_.has_value()));
  if (!dag_id.empty()) statement.bind(1, dag_id);
  if (!dataset.empty()) statement.bind(2, dataset);
  if (before) statement.bind(3, before->us);
  if (scope_) statement.bind(4, std::string_view(scope_->json()));
  return read_all<QueuedDatasetEventRow>(statement);
}

}  // namespace millrace
