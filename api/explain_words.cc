#include "api/explain_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/shapes.h"

namespace millrace {
namespace {

constexpr std::size_t tasks_looked_up = 200;  // each some 50 index look-ups

Duration seconds(double s) { return Duration{static_cast<std::int64_t>(s * 1e6)}; }

/// The reason that a state of the record stands for; empty: it doesn't wait.
std::string reason_of_state(std::string_view state) {
  if (state == "none") return "upstream";
  if (state == "scheduled") return "admission";
  if (state == "queued" || state == "restarting") return "not_before";
  if (state == "up_for_retry") return "retry_delay";
  if (state == "up_for_reschedule") return "sensor";
  if (state == "deferred") return "child_run";
  return {};
}

class Timeline {
 public:
  void enter(WallTime at, const std::string& gate) {
    if (!spans_.empty() && !spans_.back().to) {
      if (spans_.back().gate == gate) return;
      spans_.back().to = at;
      if (spans_.back().from == at) spans_.pop_back();
    }
    if (!gate.empty()) spans_.push_back({at, std::nullopt, gate});
  }
  /// Admission's own reason is noted a while after the wait began: it names the wait so far.
  void refine(WallTime at, const std::string& gate) {
    if (!spans_.empty() && !spans_.back().to && spans_.back().gate == "admission") spans_.back().gate = gate;
    else enter(at, gate);
  }
  std::vector<Reason> take() { return std::move(spans_); }

 private:
  std::vector<Reason> spans_;
};

}  // namespace

std::optional<PastSeconds> Past::of(const std::string& dag_id, const std::string& task_id) {
  const auto key = std::pair{dag_id, task_id};
  if (const auto at = known_.find(key); at != known_.end()) return at->second;
  if (known_.size() >= tasks_looked_up) return std::nullopt;
  return known_[key] = views_.past_seconds(dag_id, task_id);
}

PastDuration Past::quantile(bool p90) {
  return [this, p90](const Claim& claim) -> std::optional<Duration> {
    const auto past = of(claim.dag_id, claim.task_id);
    if (!past) return std::nullopt;
    return seconds(p90 ? past->p90 : past->p50);
  };
}

std::string clock_text(WallTime time, WallTime now) {
  const std::string iso = to_iso(time);
  const std::string clock = iso.substr(11, 8) + " UTC";
  return to_date(time) == to_date(now) ? clock : to_date(time) + " " + clock;
}

std::string name_of(const Holder& holder) {
  std::string out;
  if (holder.instance) {
    const std::string index = holder.map_index < 0 ? "" : fmt::format("[{}]", holder.map_index);
    out = fmt::format("task '{}{}' of '{}' run '{}'", holder.task_id, index, holder.dag_id, holder.run_id);
  } else {
    out = fmt::format("run '{}' of '{}'", holder.run_id, holder.dag_id);
  }
  for (const std::string& device : holder.devices)
    out += fmt::format("{}{}", &device == &holder.devices.front() ? " on device " : ", ", device);
  return out;
}

void holder_fields(JsonWriter& out, const Holder& holder) {
  out.text_field("dag_id", holder.dag_id).text_field("dag_run_id", holder.run_id);
  out.word_field("task_id", holder.task_id).int_field("map_index", holder.map_index);
  out.word_field("state", holder.state == "none" ? std::string_view{} : holder.state);
  time_field(out, "started_at", holder.started_at);
  out.key("backfill_id");
  if (holder.backfill) {
    out.integer(holder.backfill.value);
  } else {
    out.null();
  }
  out.key("devices").begin_array();
  for (const std::string& uuid : holder.devices) out.string(uuid);
  out.end_array();
}

void gate_object(JsonWriter& out, const Gate& gate, Past& past, WallTime now) {
  out.begin_object().text_field("kind", gate.kind).bool_field("ok", gate.ok);
  out.int_field("have", gate.have).int_field("need", gate.need).text_field("text", gate.text);
  out.key("blockers").begin_array();
  for (const Holder& holder : gate.blockers) {
    out.begin_object();
    holder_fields(out, holder);
    out.key("left_s");
    const auto lasts = holder.started_at ? past.of(holder.dag_id, holder.task_id) : std::nullopt;
    if (lasts) {
      const double gone = static_cast<double>((now - *holder.started_at).count()) / 1e6;
      out.number(std::max(0.0, lasts->p50 - gone));
    } else {
      out.null();
    }
    out.end_object();
  }
  out.end_array().int_field("more_blockers", gate.more_blockers).end_object();
}

void starts_at_field(JsonWriter& out, std::optional<WallTime> p50, std::optional<WallTime> p90) {
  out.key("starts_at");
  if (!p50 || !p90) {
    out.null();
    return;
  }
  out.begin_object();
  time_field(out, "p50", p50);
  time_field(out, "p90", std::max(p50, p90));
  out.end_object();
}

std::vector<Reason> reasons_of(const std::vector<Transition>& record, const std::string& open_as,
                               WallTime now) {
  Timeline timeline;
  std::string state = "none";
  for (const Transition& line : record) {
    if (line.kind == "run") {
      if (line.to == "queued") timeline.enter(line.at, "max_active_runs");
      else if (line.to == "running") timeline.enter(line.at, reason_of_state(state));
      else timeline.enter(line.at, {});
    } else if (line.kind == "waits") {
      timeline.refine(line.at, line.to);
    } else if (line.kind == "task") {
      state = line.to;
      timeline.enter(line.at, reason_of_state(state));
    }
  }
  if (open_as.empty()) timeline.enter(now, {});
  else timeline.refine(now, open_as);
  return timeline.take();
}

}  // namespace millrace
