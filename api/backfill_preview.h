#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/backfill_wish.h"
#include "scheduler/cascade_plan.h"
#include "store/reader.h"

namespace millrace {

/// What a backfill would do, date by date, and what its cascade would. Made from what is committed; nothing
/// is changed.
struct BackfillPreview {
  enum class Action : std::uint8_t { create, rerun, skip, running, blocked };
  static constexpr std::size_t actions = 5;

  struct Date {
    WallTime execution_date;
    Action action = Action::create;
    std::string reason;
    BackfillId blocked_by;  ///< a backfill that has the date
    RunId run;              ///< the active run, if that is why
  };
  /// Neighbouring dates with one action and reason.
  struct Span {
    WallTime from, to;
    std::int64_t count = 0;
    Action action = Action::create;
    std::string reason;
  };
  struct Part {
    std::string dag_id;
    DagVersionId version;
    std::array<std::int64_t, actions> totals{};
    std::vector<Span> spans;  ///< by date; at most `spans_kept`
    std::string letters;      ///< of all dates, run-length coded: `c31s5`
    std::int64_t count() const;
    std::int64_t runs() const { return totals[0] + totals[1]; }
  };
  static constexpr std::size_t spans_kept = 10'000;

  Part own;
  std::vector<Date> page;     ///< of `own`, in the backfill's direction
  std::vector<Part> cascade;  ///< one a step of the plan
  std::string revision;       ///< says the request, the DAG version and every action
};

std::string_view to_word(BackfillPreview::Action);

BackfillPreview preview(const BackfillWish&, const CascadePlan&, const Call&, StoreReader&, const Page&);

/// Nothing when the world is as the revision says; else a 409 that names what would now be done otherwise.
std::optional<Problem> moved_since(const std::string& revision, const BackfillPreview& now);

}  // namespace millrace
