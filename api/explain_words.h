#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/json.h"
#include "scheduler/explain.h"
#include "scheduler/forecast.h"
#include "store/view_reader.h"

/// What /explain and /ui/queue share: past durations, names and times for a person.
namespace millrace {

/// Past durations, each asked of the store once a call, at most `tasks_looked_up` of them.
class Past {
 public:
  explicit Past(ViewReader& views) : views_(views) {}
  std::optional<PastSeconds> of(const std::string& dag_id, const std::string& task_id);
  /// p50 or p90 of a claim, as the forecast asks for it.
  PastDuration quantile(bool p90);

 private:
  ViewReader& views_;
  std::map<std::pair<std::string, std::string>, std::optional<PastSeconds>> known_;
};

/// `09:44:10 UTC`, with the date when it isn't the day of `now`.
std::string clock_text(WallTime, WallTime now);
/// `task 'load' of 'etl' run 'manual__…'`, `run '…' of 'etl'`, with the devices it holds.
std::string name_of(const Holder&);
/// Members of a holder, within an object that is open.
void holder_fields(JsonWriter&, const Holder&);
/// A gate with its blockers; `left_s` is the p50 of the past less what has gone by.
void gate_object(JsonWriter&, const Gate&, Past&, WallTime now);
/// `{"p50": …, "p90": …}`; null when either isn't known.
void starts_at_field(JsonWriter&, std::optional<WallTime> p50, std::optional<WallTime> p90);

/// How long each reason lasted. The record's lines in order; `open_as`: the gate that stops it now, empty
/// when it doesn't wait.
struct Reason {
  WallTime from;
  std::optional<WallTime> to;
  std::string gate;
  friend bool operator==(const Reason&, const Reason&) = default;
};
std::vector<Reason> reasons_of(const std::vector<Transition>&, const std::string& open_as, WallTime now);

}  // namespace millrace
