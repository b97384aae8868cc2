#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/time.h"

namespace millrace {

// What this room knows of time: when a schedule ticks, which stretch of data a tick covers, how zones shift
// their clocks. What it doesn't: the present (time is an argument), runs, pauses, catch-up.
//
// Daylight saving. A cron is matched against the zone's wall clock, second by second.
//   * A *wildcard* cron has a `*` in its minute or hour field (the rule of cron(8)), such as `*/5 * * * *`,
//     `0 * * * *`, `0 */4 * * *` or `*/10 2 * * *`. It ticks at every real instant whose wall clock matches.
//     Policies don't touch it: an hourly job runs each real hour, twice in the repeated one, not in the one
//     that doesn't exist. A `*` for seconds doesn't count.
//   * Any other cron is *fixed*: `30 2 * * *`, `0 7,8,13 * * *`. `missing`: wall times that a gap swallows
//     tick once, together, at the first instant after the gap (shift), or not at all (skip). `duplicate`: a
//     wall time shown twice ticks at its first, its last or both instants.
// Ticks are distinct instants, so the intervals between them are contiguous whatever the clocks do.

enum class DstMissing : std::uint8_t { shift, skip };
enum class DstDuplicate : std::uint8_t { first, last, both };
struct DstPolicy {
  DstMissing missing = DstMissing::shift;
  DstDuplicate duplicate = DstDuplicate::first;
  friend bool operator==(const DstPolicy&, const DstPolicy&) = default;
};

/// A cron expression as bit sets. 5 fields (minute hour day month weekday) or 6 (second first). Names (jan,
/// mon), ranges, steps, lists; weekday 0 and 7 are Sunday. A field is restricted when it has no `*`; when
/// both day and weekday are restricted either matches, else both must (crontab(5)). `5/15` means `5-59/15`,
/// as in Airflow.
struct Cron {
  std::uint64_t seconds = 0, minutes = 0;  ///< bit n = value n
  std::uint32_t hours = 0, days = 0;
  std::uint16_t months = 0;
  std::uint8_t weekdays = 0;  ///< bit 0 = Sunday
  bool day_restricted = false, weekday_restricted = false;
  bool wildcard = false;  ///< a `*` in the minute or hour field: DST policies don't apply
  std::string source;     ///< as written, presets expanded
  friend bool operator==(const Cron&, const Cron&) = default;
};

/// Parses `"0 6 * * mon-fri"` or a preset (`@hourly @daily @midnight @weekly @monthly @quarterly @yearly
/// @annually`). A bad field, a value out of range and a date that never comes (31 February) are errors with a
/// hint.
Result<Cron> parse_cron(std::string_view);

/// A zone of the IANA database, found once. Cheap to copy; its table lives as long as the process. Safe on
/// any thread.
class Zone {
 public:
  Zone();  ///< UTC
  /// An unknown name is `invalid` with the nearest known name in the message.
  static Result<Zone> find(std::string_view name);
  const std::string& name() const { return name_; }
  friend bool operator==(const Zone& a, const Zone& b) { return a.name_ == b.name_; }

  struct Local {
    int year, month, day, hour, minute, second;
  };
  Local to_local(WallTime) const;
  /// All UTC instants that show this local time: none in a gap, two in an overlap (earlier first).
  std::vector<WallTime> from_local(const Local&) const;
  /// The first instant after the gap that `local` falls in; only for a local time that doesn't exist.
  WallTime gap_end(const Local&) const;

  /// A stretch of one offset from UTC, [begin_s, end_s) in UTC seconds.
  struct Offset {
    std::int64_t begin_s, end_s, offset_s;
  };
  /// All stretches, contiguous, neighbours different, covering all time (rules are followed up to the year
  /// 2200).
  std::span<const Offset> offsets() const { return {offsets_, offset_count_}; }

 private:
  std::string name_;
  const Offset* offsets_ = nullptr;  // a table of the process, never freed
  std::size_t offset_count_ = 0;
};

/// Which run a partition of a dataset belongs to. docs/datasets.md has the words for people.
struct PartitionMapping {
  enum class Kind : std::uint8_t {
    same,  ///< the run of the partition's own moment
    none,  ///< partitions aren't compared
    to     ///< the run whose interval of the cron `to` contains the partition
  };
  Kind kind = Kind::same;
  Cron to;                   ///< in the schedule's zone
  std::optional<Cron> each;  ///< with `to`: a dataset is there when all of these ticks of the interval are
  int window_days = 1;  ///< a partition also concerns the runs of the (n-1) days after its own that exist
  friend bool operator==(const PartitionMapping&, const PartitionMapping&) = default;
};

/// What becomes of several events for one run.
enum class EventPolicy : std::uint8_t {
  coalesce,          ///< one run takes all that has come; a renewed partition runs again
  one_run_per_event  ///< each event, or set of one event per dataset, has a run of its own
};

/// When runs come to be.
struct Schedule {
  enum class Kind : std::uint8_t { none, cron, every, at, once, continuous, datasets };
  Kind kind = Kind::none;
  Cron cron;
  Duration every{};                   ///< at least 1 s
  WallTime anchor;                    ///< of `every`; default: start_date, else 1970-01-01
  std::vector<WallTime> at;           ///< sorted, distinct
  std::vector<std::string> datasets;  ///< names this DAG waits for
  bool any = false;                   ///< any of them instead of all of them
  PartitionMapping partition;
  EventPolicy policy = EventPolicy::coalesce;
  Zone zone;
  DstPolicy dst;
  bool interval_previous =
      true;           ///< run at tick t covers [t_prev, t), execution_date = t_prev; false: [t, t)
  Duration jitter{};  ///< upper bound; the actual delay is a hash of (dag_id, tick)
  Place place;
  std::string source;  ///< one line for lists: `@daily`, `every 15m`, `datasets: a, b`
  /// By meaning: place and source don't count.
  friend bool operator==(const Schedule& a, const Schedule& b) {
    return a.kind == b.kind && a.cron == b.cron && a.every == b.every && a.anchor == b.anchor &&
           a.at == b.at && a.datasets == b.datasets && a.any == b.any &&
           a.partition == b.partition && a.policy == b.policy && a.zone == b.zone && a.dst == b.dst &&
           a.interval_previous == b.interval_previous && a.jitter == b.jitter;
  }
};

struct DataInterval {
  WallTime start, end;  ///< half-open, UTC
  friend bool operator==(const DataInterval&, const DataInterval&) = default;
};

/// The first tick strictly after `t`, or nothing when there is none (bounded search: 41 years for a cron,
/// the longest wait for a 29 February on one weekday, over 2100).
/// Monotonic: next_tick(t) > t always. Only for cron, every and at; others have no ticks.
std::optional<WallTime> next_tick(const Schedule&, WallTime t);
/// The last tick strictly before `t`.
std::optional<WallTime> previous_tick(const Schedule&, WallTime t);

/// The data interval of the run at tick `t`; its start is the execution_date.
DataInterval interval_at_tick(const Schedule&, WallTime t);
/// The data interval of the run whose execution_date is `d` (a backfill's date, a manual run's). When `d`
/// isn't an execution_date of the schedule: [previous execution_date <= d, next) for cron and every, and for
/// datasets mapped by `to`; [d, d) otherwise.
DataInterval interval_of(const Schedule&, WallTime execution_date);
/// Whether `d` is exactly an execution_date that the schedule would give. True for every date when there are
/// no ticks.
bool is_execution_date(const Schedule&, WallTime d);
/// The first execution_date at or after `t`; steps of one day (UTC) for schedules without ticks, so that a
/// dataset DAG or a manual one can be backfilled by days.
std::optional<WallTime> execution_date_at_or_after(const Schedule&, WallTime t);
/// The tick at which the run of execution_date `d` becomes due (its interval's end by default).
WallTime due_at(const Schedule&, WallTime execution_date);

}  // namespace millrace
