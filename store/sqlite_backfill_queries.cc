#include "store/sqlite_backfill_queries.h"

#include "store/queries.h"
#include "store/words_sql.h"

namespace millrace {
namespace {

template <class Word>
Word word_at(const sqlite::Statement& statement, int column) {
  Word out{};
  if (!from_word(statement.text(column), out)) throw StoreError("damaged row: an unknown state");
  return out;
}

}  // namespace

std::vector<DatedRun> SqliteBackfillQueries::dated_runs(std::string_view dag_id, WallTime from, WallTime to) {
  sqlite::Statement statement(connection_, queries::dated_runs());
  statement.bind(1, dag_id);
  statement.bind(2, from.us);
  statement.bind(3, to.us);
  std::vector<DatedRun> out;
  while (statement.step())
    out.push_back({{statement.integer(0)}, word_at<RunState>(statement, 1), {statement.integer(2)}});
  return out;
}

std::vector<BackfillRow> SqliteBackfillQueries::active(std::string_view dag_id) {
  sqlite::Statement statement(connection_, queries::active_backfills());
  std::vector<BackfillRow> rows = read_all<BackfillRow>(statement);
  std::erase_if(rows, [&](const BackfillRow& row) {
    return !sees(row.spec.dag_id) || (!dag_id.empty() && row.spec.dag_id != dag_id);
  });
  return rows;
}

std::vector<BackfillRow> SqliteBackfillQueries::cascade(BackfillId root) {
  sqlite::Statement statement(connection_, queries::backfills_of_cascade());
  statement.bind(1, root.value);
  std::vector<BackfillRow> rows = read_all<BackfillRow>(statement);
  std::erase_if(rows, [&](const BackfillRow& row) { return !sees(row.spec.dag_id); });
  return rows;
}

std::vector<std::pair<WallTime, ItemState>> SqliteBackfillQueries::item_states(BackfillId id, WallTime from,
                                                                               WallTime to) {
  sqlite::Statement statement(connection_, queries::item_states());
  statement.bind(1, id.value);
  statement.bind(2, from.us);
  statement.bind(3, to.us);
  std::vector<std::pair<WallTime, ItemState>> out;
  while (statement.step()) out.emplace_back(WallTime{statement.integer(0)}, word_at<ItemState>(statement, 1));
  return out;
}

std::vector<BackfillItemRow> SqliteBackfillQueries::failed_items(BackfillId id, int limit) {
  sqlite::Statement statement(connection_, queries::failed_items());
  statement.bind(1, id.value);
  statement.bind(2, std::int64_t{limit});
  return read_all<BackfillItemRow>(statement);
}

std::vector<WallTime> SqliteBackfillQueries::last_ends(BackfillId id, int limit) {
  sqlite::Statement statement(connection_, queries::last_ends());
  statement.bind(1, id.value);
  statement.bind(2, std::int64_t{limit});
  std::vector<WallTime> out;
  while (statement.step()) out.push_back({statement.integer(0)});
  return out;
}

std::vector<RunRow> SqliteBackfillQueries::last_successes(std::string_view dag_id, int limit) {
  constexpr std::int64_t looked_at = 1'000;  // behind more failures than this nobody looks for a success
  sqlite::Statement statement(connection_, queries::last_successes());
  statement.bind(1, dag_id);
  statement.bind(2, looked_at);
  statement.bind(3, std::int64_t{limit});
  return read_all<RunRow>(statement);
}

}  // namespace millrace
