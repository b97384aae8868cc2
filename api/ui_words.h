#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "store/view_reader.h"

/// What the calls of screens share.
namespace millrace {

/// 404 when there is no such DAG (a removed one has history, so that it is shown).
std::expected<DagRow, Problem> dag_of_path(const Call&, StoreReader&);
/// A whole number of the query; 422 outside [low, high].
std::expected<std::int64_t, Problem> number_in_query(const Call&, std::string_view name, std::int64_t low,
                                                     std::int64_t high, std::int64_t otherwise);
/// The version that `number` names, parsed, with its number; 0: the current one.
struct FoundVersion {
  int number = 0;
  std::shared_ptr<const Dag> dag;
};
std::expected<FoundVersion, Problem> version_of_dag(const Call&, StoreReader&, const DagRow&,
                                                    std::int64_t number);
/// Members `run_id execution_date run_type state reason start end duration_s`, within an open object.
void run_bar_fields(JsonWriter&, const RunBar&);
/// Members `groups tasks edges`, within an open object.
void graph_members(JsonWriter&, const Dag&);
/// Seconds, or null.
void seconds_field(JsonWriter&, std::string_view name, std::optional<double>);
std::optional<double> seconds_between(std::optional<WallTime> from, std::optional<WallTime> to);
/// The smallest of the samples that at least `share` of them don't exceed; nothing of none.
std::optional<double> quantile_of(std::vector<double>, double share);

/// The tasks of a DAG over several versions, one row each: the first version's in its order, then those that
/// only later ones have.
class TaskRows {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  /// Which row each task of this version is; adds what is new.
  const std::vector<std::uint32_t>& of_version(DagVersionId, const Dag&);
  /// Null when the version wasn't added.
  const std::vector<std::uint32_t>* find(DagVersionId) const;
  struct Row {
    std::string task_id, group;
    int depth = 0;  ///< longest way from a task without upstream
    bool mapped = false;
  };
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::map<DagVersionId, std::vector<std::uint32_t>> versions_;
};

}  // namespace millrace
