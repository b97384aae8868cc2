#include "dags/partition.h"

#include "base/limits.h"

namespace millrace {
namespace {

using Kind = PartitionMapping::Kind;
constexpr std::chrono::hours day{24};

}  // namespace

WallTime run_of_partition(const Schedule& s, WallTime partition) {
  switch (s.partition.kind) {
    case Kind::same: return partition;
    case Kind::none: return WallTime{};
    case Kind::to: return interval_of(s, partition).start;
  }
  return partition;
}

std::vector<WallTime> later_runs_of_partition(const Schedule& s, WallTime partition) {
  std::vector<WallTime> out;
  if (s.partition.window_days <= 1 || s.partition.kind == Kind::none) return out;
  if (s.partition.kind == Kind::same) {
    for (int k = 1; k < s.partition.window_days; ++k) out.push_back(partition + k * day);
    return out;
  }
  const WallTime end = partition + s.partition.window_days * day;
  auto run = execution_date_at_or_after(s, WallTime{partition.us + 1});
  for (; run && *run < end && out.size() <= limits::partitions_of_a_run;
       run = execution_date_at_or_after(s, WallTime{run->us + 1}))
    out.push_back(*run);
  return out;
}

std::vector<WallTime> partitions_of_run(const Schedule& s, WallTime execution_date) {
  std::vector<WallTime> out;
  if (!s.partition.each) return out;
  Schedule each;
  each.kind = Schedule::Kind::cron;
  each.cron = *s.partition.each;
  each.zone = s.zone;
  const DataInterval span = span_of_run(s, execution_date);
  auto at = next_tick(each, WallTime{span.start.us - 1});
  for (; at && *at < span.end && out.size() <= limits::partitions_of_a_run; at = next_tick(each, *at))
    out.push_back(*at);
  return out;
}

DataInterval span_of_run(const Schedule& s, WallTime execution_date) {
  if (s.partition.kind == Kind::to) return interval_of(s, execution_date);
  return {execution_date, WallTime{execution_date.us + 1}};
}

}  // namespace millrace
