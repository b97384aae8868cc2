#include "store/row_sql.h"

#include <fmt/format.h>

namespace millrace {
namespace {

constexpr const char* start_columns[] = {"host", "pid", "start_ticks", "boot_id", "start_date"};
constexpr const char* exit_columns[] = {"exit_kind",     "wait_status",   "timed_out", "killed",
                                        "oom",           "log_truncated", "user_us",   "system_us",
                                        "max_rss_bytes", "exit_message",  "end_date"};

}  // namespace

void ColumnNames::start_facts(const std::optional<StartFacts>&) {
  for (const char* name : start_columns) columns.push_back({name, ColumnKind::field});
}

void ColumnNames::exit_facts(const std::optional<ExitFacts>&) {
  for (const char* name : exit_columns) columns.push_back({name, ColumnKind::field});
}

void RowBinder::put_nulls(int count) {
  for (int i = 0; i < count; ++i) statement_.bind_null(next_++);
}

void RowBinder::start_facts(const std::optional<StartFacts>& facts) {
  if (!facts) return put_nulls(std::size(start_columns));
  put(facts->host);
  put(facts->pid);
  put(facts->start_ticks);
  put(facts->boot_id);
  put(facts->at);
}

void RowBinder::exit_facts(const std::optional<ExitFacts>& facts) {
  if (!facts) return put_nulls(std::size(exit_columns));
  put(facts->kind);
  put(facts->wait_status);
  put(facts->timed_out);
  put(facts->killed);
  put(facts->oom);
  put(facts->log_truncated);
  put(facts->user_us);
  put(facts->system_us);
  put(facts->max_rss_bytes);
  put(facts->message);
  put(facts->at);
}

void RowReader::start_facts(std::optional<StartFacts>& out) {
  out.reset();
  if (statement_.is_null(next_)) {
    next_ += static_cast<int>(std::size(start_columns));
    return;
  }
  StartFacts& facts = out.emplace();
  take(facts.host);
  take(facts.pid);
  take(facts.start_ticks);
  take(facts.boot_id);
  take(facts.at);
}

void RowReader::exit_facts(std::optional<ExitFacts>& out) {
  out.reset();
  if (statement_.is_null(next_)) {
    next_ += static_cast<int>(std::size(exit_columns));
    return;
  }
  ExitFacts& facts = out.emplace();
  take(facts.kind);
  take(facts.wait_status);
  take(facts.timed_out);
  take(facts.killed);
  take(facts.oom);
  take(facts.log_truncated);
  take(facts.user_us);
  take(facts.system_us);
  take(facts.max_rss_bytes);
  take(facts.message);
  take(facts.at);
}

std::string insert_sql(const char* table, const std::vector<Column>& columns, const char* derived,
                       const char* value) {
  std::string names;
  std::string values;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names += fmt::format("{}{}", i == 0 ? "" : ", ", columns[i].name);
    values += fmt::format("{}?{}", i == 0 ? "" : ", ", i + 1);
  }
  if (*derived != '\0') {
    names += fmt::format(", {}", derived);
    values += fmt::format(", {}", value);
  }
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", table, names, values);
}

std::string update_sql(const char* table, const std::vector<Column>& columns) {
  std::string sets;
  std::string where;
  const std::size_t guard = columns.size() + 1;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto [name, kind] = columns[i];
    const std::size_t parameter = i + 1;
    switch (kind) {
      case ColumnKind::key:
        where += fmt::format("{}{} = ?{}", where.empty() ? "" : " AND ", name, parameter);
        break;
      case ColumnKind::fixed:
        break;
      case ColumnKind::field:
        sets += fmt::format("{}{} = ?{}", sets.empty() ? "" : ", ", name, parameter);
        break;
      case ColumnKind::version:
        sets += fmt::format(", {} = ?{}", name, parameter);
        where += fmt::format(" AND {} = ?{}", name, guard);
        break;
    }
  }
  return fmt::format("UPDATE {} SET {} WHERE {}", table, sets, where);
}

std::string select_sql(const char* table, const std::vector<Column>& columns) {
  std::string names;
  for (const Column& column : columns) names += fmt::format("{}{}", names.empty() ? "" : ", ", column.name);
  return fmt::format("SELECT {} FROM {}", names, table);
}

}  // namespace millrace
