#include "api/filters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/dag_dates.h"
#include "api/look_up.h"
#include "api/routes.h"

namespace millrace {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// SQL's LIKE: `%` any text, `_` one byte.
bool like(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || lower(pattern[p]) == lower(text[t]))) {
      ++p, ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

std::optional<double> to_seconds(std::string_view text) {
  const auto number = parse_json(text);
  if (!number || !(number->is(JsonValue::Kind::integer) || number->is(JsonValue::Kind::number)))
    return std::nullopt;
  const double seconds = std::strtod(number->text.empty() ? std::to_string(number->integer).c_str()
                                                          : number->text.c_str(),
                                     nullptr);
  if (!(std::abs(seconds) < 1e12)) return std::nullopt;
  return seconds;
}

std::expected<DurationSpan, Problem> duration_span(const Call& call) {
  DurationSpan span;
  for (const std::string_view end : {"gte", "gt", "lte", "lt"}) {
    const std::string name = fmt::format("duration_{}", end);
    const auto text = call.query_value(name);
    if (!text) continue;
    const auto seconds = to_seconds(*text);
    if (!seconds) return refuse_field(name, "a number of seconds");
    const double us = *seconds * 1e6;
    if (end == "gte") span.from_us = static_cast<std::int64_t>(std::ceil(us));
    if (end == "gt") span.from_us = static_cast<std::int64_t>(std::floor(us)) + 1;
    if (end == "lte") span.to_us = static_cast<std::int64_t>(std::floor(us));
    if (end == "lt") span.to_us = static_cast<std::int64_t>(std::ceil(us)) - 1;
  }
  return span;
}

std::vector<std::string> texts_of(const Call& call, std::string_view name) {
  const auto values = call.query_values(name);
  return {values.begin(), values.end()};
}

std::expected<std::vector<std::int64_t>, Problem> numbers_of(const Call& call, std::string_view name) {
  std::vector<std::int64_t> out;
  for (const std::string_view text : call.query_values(name)) {
    const auto value = parse_json(text);
    if (!value || !value->is(JsonValue::Kind::integer)) return refuse_field(std::string(name), "a number");
    out.push_back(value->integer);
  }
  return out;
}

/// Filters on what there is one of: another value finds nothing.
bool asks_for_another(const Call& call, std::string_view name, std::string_view ours) {
  const auto values = call.query_values(name);
  return !values.empty() && std::ranges::find(values, ours) == values.end();
}

/// What runs and task instances are both filtered by.
template <class Filter>
std::expected<void, Problem> read_times(const Call& call, Filter& filter) {
  for (const auto& [field, span] : {std::pair{"run_after", &filter.run_after},
                                    std::pair{"start_date", &filter.started},
                                    std::pair{"end_date", &filter.ended}}) {
    const auto read = time_span(call, field);
    if (!read) return std::unexpected(read.error());
    *span = *read;
  }
  const auto duration = duration_span(call);
  if (!duration) return std::unexpected(duration.error());
  filter.duration = *duration;
  return {};
}

/// Whether any of its four ends is there.
bool asks_for_span(const Call& call, std::string_view field) {
  return std::ranges::any_of(call.query, [&](const auto& one) {
    return one.first.starts_with(field) && one.first.substr(field.size()).starts_with("_");
  });
}

/// Execution dates; the path may name the DAG whose they are.
std::expected<TimeSpan, Problem> date_span(const Call& call, StoreReader& reader, std::string_view field) {
  if (!asks_for_span(call, field)) return TimeSpan{};
  return time_span(call, field, clock_of(call, reader, call.param("dag_id")));
}

std::expected<void, Problem> read_run_dates(const Call& call, StoreReader& reader, RunFilter& filter) {
  for (const std::string_view field : {"logical_date", "execution_date"}) {
    const auto span = date_span(call, reader, field);
    if (!span) return std::unexpected(span.error());
    if (span->from) filter.execution_date_from = span->from;
    if (span->to) filter.execution_date_to = span->to;
  }
  const auto queued = time_span(call, "queued_at");
  if (!queued) return std::unexpected(queued.error());
  filter.queued_from = queued->from, filter.queued_to = queued->to;
  return read_times(call, filter);
}

std::expected<void, Problem> read_instance_dates(const Call& call, StoreReader& reader,
                                                 TaskInstanceFilter& filter) {
  const auto date = date_span(call, reader, "logical_date");
  if (!date) return std::unexpected(date.error());
  filter.execution_date = *date;
  return read_times(call, filter);
}

std::expected<void, Problem> read_states(const Call& call, TaskInstanceFilter& filter) {
  for (const std::string_view word : call.query_values("state")) {
    const bool none = word == "none" || word == "null" || word == "no_status";
    const auto state = none ? TaskState::none : task_state_from(word);
    if (!state && word == "awaiting_input") continue;  // Airflow's; no task here is ever in it
    if (!state) return refuse_field("state", fmt::format("'{}' is not a task state", word));
    filter.states.push_back(*state);
  }
  if (filter.states.empty() && call.query_value("state")) filter.runs.emplace();
  return {};
}

/// The runs that are named, of the DAGs that are named or of all.
std::vector<RunId> runs_named(const Call& call, StoreReader& reader) {
  std::vector<std::string> dag_ids = texts_of(call, "dag_ids");
  if (call.param("dag_id") != "~") dag_ids = {std::string(call.param("dag_id"))};
  std::vector<RunId> out;
  if (dag_ids.empty())
    for (const std::string_view run_id : call.query_values("dag_run_ids"))
      for (const RunId run : reader.runs_named(run_id)) out.push_back(run);
  for (const std::string& dag_id : dag_ids) {
    for (const std::string_view run_id : call.query_values("dag_run_ids"))
      if (const auto run = reader.run(dag_id, run_id)) out.push_back(run->id);
  }
  return out;
}

}  // namespace

std::expected<TimeSpan, Problem> time_span(const Call& call, std::string_view field,
                                           const LocalClock& clock) {
  TimeSpan span;
  for (const std::string_view end : {"gte", "gt", "lte", "lt"}) {
    const bool with_it = end == "lte" || end == "gt";  // a day lies before either as a whole
    const auto time = time_in_query(call, fmt::format("{}_{}", field, end), clock,
                                    with_it ? OfDay::last : OfDay::first);
    if (!time) return std::unexpected(time.error());
    if (!*time) continue;
    std::optional<WallTime>& bound = end.starts_with('g') ? span.from : span.to;
    bound = **time;
    if (end == "gt") ++bound->us;
    if (end == "lt") --bound->us;
  }
  return span;
}

TextMatch text_match(const Call& call, std::string_view field) {
  TextMatch match;
  match.like = call.query_value(fmt::format("{}_pattern", field)).value_or("");
  match.prefix = call.query_value(fmt::format("{}_prefix_pattern", field)).value_or("");
  if (match.like == "~") match.like = "%";  // Airflow's "any"
  return match;
}

std::expected<std::optional<bool>, Problem> flag_in_query(const Call& call, std::string_view name) {
  const auto text = call.query_value(name);
  if (!text) return std::nullopt;
  const bool yes = *text == "true" || *text == "True" || *text == "1";
  if (!yes && *text != "false" && *text != "False" && *text != "0")
    return refuse_field(std::string(name), "true or false");
  return yes;
}

bool matches(const TextMatch& match, std::string_view text) {
  return (match.like.empty() || like("%" + match.like + "%", text)) && text.starts_with(match.prefix);
}

std::expected<void, Problem> refuse_filters(const Call& call, std::initializer_list<std::string_view> names,
                                            std::string_view why) {
  for (const std::string_view name : names) {
    if (call.query_value(name)) return refuse_field(std::string(name), std::string(why));
  }
  return {};
}

std::expected<RunFilter, Problem> run_filter(const Call& call, StoreReader& reader) {
  RunFilter filter;
  if (call.param("dag_id") != "~") filter.dag_id = call.param("dag_id");
  filter.dag_ids = texts_of(call, "dag_ids");
  for (const std::string_view word : call.query_values("state")) {
    if (word == "none") continue;  // Airflow's clients may send null; every run has a state
    const auto state = run_state_from(word);
    if (!state)
      return refuse_field("state", fmt::format("'{}' is not queued, running, success or failed", word));
    filter.states.push_back(*state);
  }
  bool other_type = false;
  for (const std::string_view word : call.query_values("run_type")) {
    const auto type = word == "asset_triggered" ? RunType::dataset_triggered : run_type_from(word);
    other_type = other_type || word == "operator_triggered" || word == "asset_materialization";
    if (!type && !other_type) return refuse_field("run_type", fmt::format("'{}' is not a run type", word));
    if (type) filter.types.push_back(*type);
  }
  // No run here is of Airflow's other types.
  if (other_type && filter.types.empty()) filter.dag_ids = {""};
  if (auto ok = read_run_dates(call, reader, filter); !ok) return std::unexpected(std::move(ok.error()));
  filter.run_id = text_match(call, "run_id");
  filter.dag = text_match(call, "dag_id");
  filter.by = text_match(call, "triggering_user_name");
  filter.conf_contains = call.query_value("conf_contains").value_or("");
  filter.version_hash = call.query_value("bundle_version").value_or("");
  if (const auto prefix = call.query_value("run_id_prefix")) filter.run_id_prefix = *prefix;
  const auto versions = numbers_of(call, "dag_version");
  if (!versions) return std::unexpected(versions.error());
  if (!versions->empty())
    filter.version_number = static_cast<int>(std::clamp<std::int64_t>(versions->front(), 1, INT32_MAX));
  if (const auto id = call.query_value("backfill_id")) {
    if (!segment_ok("backfill_id", *id)) return refuse_field("backfill_id", "a number");
    filter.backfill = BackfillId{std::stoll(std::string(*id))};
  }
  if (auto ok = refuse_filters(call,
                               {"updated_at_gte", "updated_at_gt", "updated_at_lte", "updated_at_lt",
                                "partition_key_pattern", "partition_key_prefix_pattern", "partition_date_gte",
                                "partition_date_lte", "consuming_asset_pattern"},
                               "is not a filter here");
      !ok)
    return std::unexpected(std::move(ok.error()));
  return filter;
}

std::expected<TaskInstanceFilter, Problem> task_instance_filter(const Call& call, StoreReader& reader) {
  TaskInstanceFilter filter;
  if (call.param("run_id") != "~") {
    const auto run = find_run(call, reader);
    if (!run) return std::unexpected(run.error());
    filter.run = run->id;
  } else if (call.param("dag_id") != "~") {
    filter.dag_id = call.param("dag_id");
  }
  filter.dag_ids = texts_of(call, "dag_ids");
  if (call.query_value("dag_run_ids")) filter.runs = runs_named(call, reader);
  if (auto ok = read_states(call, filter); !ok) return std::unexpected(std::move(ok.error()));
  filter.task_ids = texts_of(call, "task_id");
  filter.pools = texts_of(call, "pool");
  for (const auto& [name, into] : {std::pair{"try_number", &filter.try_numbers},
                                   std::pair{"map_index", &filter.map_indexes},
                                   std::pair{"version_number", &filter.version_numbers}}) {
    auto numbers = numbers_of(call, name);
    if (!numbers) return std::unexpected(numbers.error());
    *into = std::move(*numbers);
  }
  if (auto ok = read_instance_dates(call, reader, filter); !ok) return std::unexpected(std::move(ok.error()));
  filter.task = text_match(call, "task_display_name");
  filter.pool = text_match(call, "pool_name");
  filter.dag = text_match(call, "dag_id");
  filter.run_id = text_match(call, "run_id");
  if (asks_for_another(call, "queue", "default") || asks_for_another(call, "executor", "local"))
    filter.runs.emplace();
  if (auto ok = refuse_filters(call,
                               {"updated_at_gte", "updated_at_gt", "updated_at_lte", "updated_at_lt",
                                "operator", "operator_name_pattern", "operator_name_prefix_pattern",
                                "task_group_id", "queue_name_pattern", "queue_name_prefix_pattern",
                                "rendered_map_index_pattern", "rendered_map_index_prefix_pattern"},
                               "is not a filter here");
      !ok)
    return std::unexpected(std::move(ok.error()));
  return filter;
}

std::expected<EventFilter, Problem> event_filter(const Call& call, StoreReader& reader) {
  EventFilter filter;
  filter.dag_id = call.query_value("dag_id").value_or("");
  if (const auto run_id = call.query_value("run_id")) {
    const auto run = reader.run(filter.dag_id, *run_id);
    if (!run) return refuse_field("run_id", "no such run; give its dag_id too");
    filter.run = run->id;
  }
  filter.task_id = call.query_value("task_id").value_or("");
  if (!filter.task_id.empty() && filter.dag_id.empty())
    return refuse_field("task_id", "give its dag_id too");
  for (const auto& [name, into] :
       {std::pair{"map_index", &filter.map_index}, std::pair{"try_number", &filter.try_number}}) {
    const auto numbers = numbers_of(call, name);
    if (!numbers) return std::unexpected(numbers.error());
    if (!numbers->empty()) *into = numbers->front();
  }
  filter.kinds = texts_of(call, "included_events");
  if (const auto kind = call.query_value("event")) filter.kinds.emplace_back(*kind);
  filter.not_kinds = texts_of(call, "excluded_events");
  filter.owner = call.query_value("owner").value_or("");
  filter.by = text_match(call, "owner");
  filter.kind = text_match(call, "event");
  filter.dag = text_match(call, "dag_id");
  filter.task = text_match(call, "task_id");
  // Airflow's `after` is a time; a number is the event to go on from.
  const auto after = call.query_value("after");
  if (after && segment_ok("event_log_id", *after)) {
    filter.after_seq = std::stoll(std::string(*after));
  } else {
    const auto from = time_in_query(call, "after");
    if (!from) return std::unexpected(from.error());
    filter.at.from = *from;
  }
  const auto to = time_in_query(call, "before");
  if (!to) return std::unexpected(to.error());
  filter.at.to = *to;
  if (auto ok = refuse_filters(
          call, {"run_id_pattern", "run_id_prefix_pattern"},
          "is not a filter here; give the whole name");
      !ok)
    return std::unexpected(std::move(ok.error()));
  return filter;
}

std::expected<Call, Problem> as_list(const Call& call) {
  static constexpr std::pair<std::string_view, std::string_view> renamed[] = {
      {"states", "state"},        {"page_limit", "limit"},        {"page_offset", "offset"},
      {"task_ids", "task_id"},    {"dag_ids", "dag_ids"},         {"dag_run_ids", "dag_run_ids"},
      {"order_by", "order_by"},   {"conf_contains", "conf_contains"}, {"state", "state"},
      {"pool", "pool"},           {"queue", "queue"},             {"executor", "executor"}};
  auto body = json_body(call);
  if (!body) return std::unexpected(std::move(body.error()));
  Call list = call;
  list.query.clear();
  for (const auto& [name, value] : body->members) {
    const auto known = std::ranges::find_if(renamed, [&](const auto& pair) { return pair.first == name; });
    const std::size_t end = name.rfind('_');
    const std::string_view suffix = end == name.npos ? "" : std::string_view(name).substr(end);
    const bool bound = suffix == "_gte" || suffix == "_gt" || suffix == "_lte" || suffix == "_lt";
    if (known == std::end(renamed) && !bound) return refuse_field(name, "unknown member");
    const std::string asked(known == std::end(renamed) ? std::string_view(name) : known->second);
    const auto add = [&](const JsonValue& one) {
      if (one.is(JsonValue::Kind::null)) {
        list.query.emplace_back(asked, "none");
      } else {
        list.query.emplace_back(asked, one.is(JsonValue::Kind::string) ? one.text : to_json(one));
      }
    };
    if (value.is(JsonValue::Kind::array)) {
      for (const JsonValue& one : value.items) add(one);
    } else if (!value.is(JsonValue::Kind::null)) {
      add(value);
    }
  }
  if (!list.query_value("limit")) list.query.emplace_back("limit", "100");
  return list;
}

}  // namespace millrace
