#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/limits.h"
#include "dags/moment.h"
#include "dags/partition.h"
#include "dags/read.h"
#include "dags/values.h"

namespace millrace {
namespace {

constexpr std::array<std::string_view, 5> kinds{"cron", "every", "at", "datasets", "any"};

void read_cron_text(YamlNode node, Schedule& schedule, Diagnostics& out) {
  auto cron = parse_cron(node.text());
  if (!cron) {
    out.add(node.text_place(), cron.error().message);
    return;
  }
  schedule.kind = Schedule::Kind::cron;
  schedule.cron = std::move(*cron);
  schedule.source = read_text(node);
}

void read_short_form(YamlNode node, Schedule& schedule, Diagnostics& out) {
  if (node.text() == "@once" || node.text() == "@continuous") {
    schedule.kind = node.text() == "@once" ? Schedule::Kind::once : Schedule::Kind::continuous;
    schedule.source = read_text(node);
    return;
  }
  read_cron_text(node, schedule, out);
}

void read_every(YamlNode node, YamlNode anchor, std::optional<WallTime> start_date, Schedule& schedule,
                Diagnostics& out) {
  const auto every = as_duration(node);
  if (!every) return;
  if (*every < std::chrono::seconds{1}) out.add(node.place(), "'every' must be at least 1s");
  schedule.kind = Schedule::Kind::every;
  schedule.every = std::max(*every, Duration{std::chrono::seconds{1}});
  schedule.anchor = start_date.value_or(WallTime{});
  if (const auto given = read_moment(anchor, schedule.zone)) schedule.anchor = *given;
  schedule.source = fmt::format("every {}", node.text());
}

void read_at(YamlNode node, Schedule& schedule) {
  for (const YamlNode item : node.items())
    if (const auto moment = read_moment(item, schedule.zone)) schedule.at.push_back(*moment);
  std::ranges::sort(schedule.at);
  schedule.at.erase(std::unique(schedule.at.begin(), schedule.at.end()), schedule.at.end());
  schedule.kind = Schedule::Kind::at;
  schedule.source = schedule.at.size() == 1 ? "at " + to_iso(schedule.at[0])
                                            : fmt::format("at {} moments", schedule.at.size());
}

void read_dataset_trigger(YamlNode datasets, YamlNode any, Schedule& schedule, Diagnostics& out) {
  const YamlNode list = datasets ? datasets : any;
  if (datasets && any.is_sequence())
    out.add(any.place(), "'datasets' and a list in 'any' exclude each other", "write any: true");
  if (!list.is_sequence()) {
    if (list.is_scalar()) out.add(any.place(), "'any' needs 'datasets', or be the list itself");
    return;
  }
  for (const YamlNode item : list.items()) {
    if (std::ranges::find(schedule.datasets, item.text()) != schedule.datasets.end())
      out.add(item.place(), fmt::format("dataset '{}' is listed twice", item.text()));
    schedule.datasets.push_back(read_text(item));
  }
  if (schedule.datasets.empty()) out.add(list.place(), "a dataset trigger needs at least one dataset");
  schedule.any = any.is_sequence() || as_boolean(any).value_or(false);
  schedule.kind = Schedule::Kind::datasets;
  schedule.source =
      fmt::format("{}: {}", schedule.any ? "any" : "datasets", fmt::join(schedule.datasets, ", "));
}

std::optional<Cron> read_partition_cron(YamlNode node, Diagnostics& out) {
  if (!node.is_scalar()) return std::nullopt;
  auto cron = parse_cron(node.text());
  if (cron) return std::move(*cron);
  out.add(node.text_place(), cron.error().message);
  return std::nullopt;
}

void read_partition(YamlNode node, Schedule& schedule, Diagnostics& out) {
  using Kind = PartitionMapping::Kind;
  PartitionMapping& to = schedule.partition;
  if (node.text() == "none") to.kind = Kind::none;
  if (!node.is_map()) return;
  to.window_days = read_window_days(node.find("window"), out);
  const YamlNode each = node.find("each");
  if (auto cron = read_partition_cron(node.find("to"), out)) {
    to.to = std::move(*cron);
    to.kind = Kind::to;
  }
  if (each && !node.find("to")) out.add(each.place(), "'each' goes with 'to'", "add to: \"@daily\"");
  to.each = read_partition_cron(each, out);
  // Neither may make a run wait for, or touch, more than can be looked up at once.
  const WallTime sample = *parse_iso("2001-01-01");
  const auto too_many = [&](YamlNode at, std::string_view what) {
    out.add(at.place(), fmt::format("that's more than {} {}", limits::partitions_of_a_run, what));
  };
  const WallTime run = run_of_partition(schedule, sample);
  if (to.kind == Kind::to && partitions_of_run(schedule, run).size() > limits::partitions_of_a_run)
    too_many(each, "partitions for one run");
  if (later_runs_of_partition(schedule, sample).size() > limits::partitions_of_a_run)
    too_many(node.find("window"), "runs for one partition");
}

void read_policy(YamlNode node, YamlNode partition, Schedule& schedule, Diagnostics& out) {
  if (node.text() != "one_run_per_event") return;
  schedule.policy = EventPolicy::one_run_per_event;
  for (const std::string_view key : {"each", "window"})
    if (partition.is_map() && partition.find(key))
      out.add(partition.find(key).place(),
              fmt::format("'{}' lets one run take several events; the policy gives each its own", key),
              "use policy: coalesce");
}

/// Keys that mean nothing beside this kind of schedule.
void refuse_idle_keys(YamlNode node, std::string_view kind, Diagnostics& out) {
  struct Rule {
    std::string_view key;
    std::array<std::string_view, 2> kinds;
  };
  static constexpr std::array<Rule, 4> rules{{{"anchor", {"every", "every"}},
                                              {"dst", {"cron", "cron"}},
                                              {"partition", {"datasets", "any"}},
                                              {"policy", {"datasets", "any"}}}};
  for (const Rule& rule : rules) {
    for (const auto [key, value] : node.entries())
      if (key.text() == rule.key && std::ranges::find(rule.kinds, kind) == rule.kinds.end())
        out.add(key.place(),
                fmt::format("'{}' goes with '{}', not with '{}'", rule.key, rule.kinds[0], kind));
  }
}

void read_long_form(YamlNode node, std::optional<WallTime> start_date, Schedule& schedule, Diagnostics& out) {
  std::string_view kind;
  for (const auto [key, value] : node.entries()) {
    if (std::ranges::find(kinds, key.text()) == kinds.end()) continue;
    const bool datasets_with_any =
        (kind == "datasets" && key.text() == "any") || (kind == "any" && key.text() == "datasets");
    if (!kind.empty() && !datasets_with_any)
      out.add(key.place(), fmt::format("'{}' and '{}' exclude each other", kind, key.text()));
    if (kind.empty() || datasets_with_any) kind = datasets_with_any ? "datasets" : key.text();
  }
  if (kind.empty()) {
    if (!node.find("on_drift"))
      out.add(node.place(), "this schedule says nothing of when", "one of cron, every, at, datasets, any");
    return;
  }
  schedule.zone = read_zone(node.find("timezone"), schedule.zone, out);
  refuse_idle_keys(node, kind, out);
  const YamlNode dst = node.find("dst");
  if (dst.find("missing").text() == "skip") schedule.dst.missing = DstMissing::skip;
  if (dst.find("duplicate").text() == "last") schedule.dst.duplicate = DstDuplicate::last;
  if (dst.find("duplicate").text() == "both") schedule.dst.duplicate = DstDuplicate::both;
  schedule.interval_previous = node.find("data_interval").text() != "none";
  schedule.jitter = as_duration(node.find("jitter")).value_or(Duration{});
  if (kind == "cron" && node.find(kind).is_scalar()) read_cron_text(node.find(kind), schedule, out);
  if (kind == "every") read_every(node.find(kind), node.find("anchor"), start_date, schedule, out);
  if (kind == "at") read_at(node.find(kind), schedule);
  if (kind != "datasets" && kind != "any") return;
  read_dataset_trigger(node.find("datasets"), node.find("any"), schedule, out);
  read_partition(node.find("partition"), schedule, out);
  read_policy(node.find("policy"), node.find("partition"), schedule, out);
}

}  // namespace

Zone read_zone(YamlNode node, const Zone& fallback, Diagnostics& out) {
  if (!node.is_scalar()) return fallback;
  auto zone = Zone::find(node.text());
  if (zone) return std::move(*zone);
  out.add(node.place(), zone.error().message);
  return fallback;
}

std::optional<WallTime> read_moment(YamlNode node, const Zone& zone, OfDay of_day) {
  return node.is_scalar() ? parse_moment(node.text(), {.zone = zone}, of_day) : std::nullopt;
}

Schedule read_schedule(YamlNode node, const Zone& zone, std::optional<WallTime> start_date,
                       Diagnostics& out) {
  Schedule schedule;
  schedule.zone = zone;
  schedule.place = node.place();
  if (node.is_scalar()) read_short_form(node, schedule, out);
  if (node.is_map()) read_long_form(node, start_date, schedule, out);
  return schedule;
}

}  // namespace millrace
