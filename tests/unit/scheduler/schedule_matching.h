#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "../dags/cron_reference.h"
#include "dags/dag.h"

namespace millrace::test {

/// What a decision of the scheduler said about due times: runs by the end of their interval, skips with their
/// reason, and how many more the last skip stands for.
struct Decided {
  struct Run {
    WallTime tick, execution_date;
  };
  struct Skip {
    WallTime tick;
    std::string reason;
    std::int64_t more = 0;
  };
  std::vector<Run> runs;
  std::vector<Skip> skips;
};

/// Matches due times with runs and recorded skips, after Jepsen's checker of Chronos: each due time of the
/// slow reference behind the watermark has exactly one of the two, nothing else has any, none comes early,
/// and the catch-up policy chose which. Between decisions nothing that is due is left.
class ScheduleMatching {
 public:
  /// The schedule in force from now on.
  void follow(const Dag&, const ReferenceCron&, const LibraryZone&);
  /// The scheduler's watermark of a DAG that it sees for the first time, when it already has one.
  void begin(WallTime watermark) {
    if (!last_) last_ = watermark;
  }
  void take(const Decided&, WallTime now);
  /// Nothing that may start is undecided. Not asked while the DAG is paused or held.
  void nothing_is_left(WallTime now);
  /// The newest decided due time.
  std::optional<WallTime> last() const { return last_; }

  std::vector<std::string> problems;
  std::int64_t runs = 0, skips = 0;

 private:
  std::vector<std::int64_t> due(std::int64_t after_s, std::int64_t to_s) const;
  std::string policy_skips(WallTime tick, const std::vector<std::int64_t>& due, WallTime now) const;
  std::vector<std::int64_t> first_ones(const std::vector<std::int64_t>& due, WallTime now) const;
  void wrong(WallTime now, const std::string& what);

  const Dag* dag_ = nullptr;
  const ReferenceCron* cron_ = nullptr;
  const LibraryZone* zone_ = nullptr;
  std::optional<WallTime> last_;
  std::int64_t passed_s_ = 0;  ///< of a DAG that has decided nothing yet: what was too old once may stay so
};

}  // namespace millrace::test
