#include "store/sqlite_version_reader.h"

#include <fmt/format.h>

#include <string>

#include "store/list_query.h"
#include "store/queries.h"
#include "store/scoped_rows.h"

namespace millrace {
namespace {

/// Whether the page asks for `key` upwards; newest first when it asks for nothing.
Result<bool> ascending(const Page& page, std::string_view key) {
  if (const auto sane = check_page(page); !sane) return std::unexpected(sane.error());
  if (page.after_id) return fail(ErrorKind::invalid, "this list has pages by offset, no cursor");
  if (page.order_by.empty() || page.order_by == fmt::format("-{}", key)) return false;
  if (page.order_by == key) return true;
  return fail(ErrorKind::invalid, fmt::format("can't order by '{}'; there is: {}", page.order_by, key));
}

}  // namespace

template <class Row>
std::vector<Row> SqliteVersionReader::rows(const std::string& sql, std::int64_t id, int limit) {
  sqlite::Statement statement(connection_, sql);
  statement.bind(1, id);
  if (limit > 0) statement.bind(2, std::int64_t{limit});
  return read_all<Row>(statement);
}

DatasetVersionRow SqliteVersionReader::shown(DatasetVersionRow row) const {
  if (scope_) hide_others(row, *scope_);
  return row;
}

std::optional<WrittenDataset> SqliteVersionReader::written(std::string_view dataset) {
  sqlite::Statement one(connection_, queries::written_dataset());
  one.bind(1, dataset);
  if (!one.step()) return {};
  return WrittenDataset{std::string(one.text(0)), one.integer(1), one.integer(2), {one.integer(3)}};
}

Result<Listed<DatasetVersionRow>> SqliteVersionReader::list(const VersionFilter& filter, const Page& page) {
  const Result<bool> up = ascending(page, "id");
  if (!up) return std::unexpected(up.error());
  const bool of_partition = filter.partition.has_value(), with_hash = !filter.hash_prefix.empty();
  // 'g' comes after every hex digit.
  const std::string last = filter.hash_prefix + "g";
  sqlite::Transaction transaction(connection_, sqlite::Transaction::Kind::read);
  sqlite::Statement count(connection_, queries::count_versions(of_partition, with_hash));
  sqlite::Statement rows(connection_, queries::versions(of_partition, with_hash, *up));
  for (sqlite::Statement* statement : {&count, &rows}) {
    statement->bind(1, std::string_view(filter.dataset));
    if (of_partition) statement->bind(2, filter.partition->us);
    if (with_hash) {
      statement->bind(3, std::string_view(filter.hash_prefix));
      statement->bind(4, std::string_view(last));
    }
  }
  rows.bind(5, std::int64_t{page.limit});
  rows.bind(6, std::int64_t{page.offset});
  Listed<DatasetVersionRow> listed;
  if (count.step()) listed.total_entries = count.integer(0);
  for (DatasetVersionRow& row : read_all<DatasetVersionRow>(rows))
    listed.rows.push_back(shown(std::move(row)));
  return listed;
}

std::optional<DatasetVersionRow> SqliteVersionReader::find(DatasetVersionId id) {
  sqlite::Statement one(connection_, queries::version_by_id());
  one.bind(1, id.value);
  auto row = read_one<DatasetVersionRow>(one);
  return row ? std::optional(shown(std::move(*row))) : std::nullopt;
}

Result<Listed<PartitionVersion>> SqliteVersionReader::partitions(std::string_view dataset, const Page& page) {
  const Result<bool> up = ascending(page, "partition");
  if (!up) return std::unexpected(up.error());
  sqlite::Transaction transaction(connection_, sqlite::Transaction::Kind::read);
  Listed<PartitionVersion> listed;
  if (const auto known = written(dataset)) listed.total_entries = known->partitions;
  sqlite::Statement rows(connection_, queries::newest_of_partitions(*up));
  rows.bind(1, dataset);
  rows.bind(2, std::int64_t{page.limit});
  rows.bind(3, std::int64_t{page.offset});
  while (rows.step())
    if (auto newest = find({rows.integer(0)}))
      listed.rows.push_back({std::move(*newest), rows.integer(1)});
  return listed;
}

std::vector<DatasetVersionRow> SqliteVersionReader::written_by(RunId run) {
  return rows<DatasetVersionRow>(queries::versions_of_run(), run.value);
}

std::vector<DatasetVersionRow> SqliteVersionReader::written_by(AttemptId attempt, int limit) {
  return rows<DatasetVersionRow>(queries::versions_of_attempt(), attempt.value, limit);
}

std::vector<VersionInputRow> SqliteVersionReader::read_by(RunId run) {
  return rows<VersionInputRow>(queries::inputs_of_run(), run.value);
}

std::vector<VersionInputRow> SqliteVersionReader::read_by(AttemptId attempt, int limit) {
  return rows<VersionInputRow>(queries::inputs_of_attempt(), attempt.value, limit);
}

std::vector<VersionInputRow> SqliteVersionReader::readers_of(DatasetVersionId version, int limit) {
  sqlite::Statement statement(connection_, queries::readers_of_version(scope_.has_value()));
  statement.bind(1, version.value);
  statement.bind(2, std::int64_t{limit});
  if (scope_) statement.bind(3, std::string_view(scope_->json()));
  return read_all<VersionInputRow>(statement);
}

std::vector<AttemptRow> SqliteVersionReader::attempts_of(RunId run) {
  return rows<AttemptRow>(queries::attempts_of_run(), run.value);
}

std::optional<AttemptRow> SqliteVersionReader::attempt(AttemptId id) {
  sqlite::Statement one(connection_, queries::attempt_by_id());
  one.bind(1, id.value);
  auto row = read_one<AttemptRow>(one);
  if (!row || !scope_) return row;
  const std::string_view name = row->name;  // of the DAG first
  return scope_->has(name.substr(0, name.find('/'))) ? std::move(row) : std::nullopt;
}

}  // namespace millrace
