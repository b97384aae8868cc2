#include "api/event_topics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "api/event_text.h"
#include "api/routes.h"
#include "base/limits.h"

namespace millrace {
namespace {

constexpr std::array<std::string_view, 9> plain = {"overview",  "events",   "runs",     "tasks", "dags",
                                                   "backfills", "datasets", "capacity", "audit"};

bool known_topic(std::string_view name) {
  if (std::ranges::find(plain, name) != plain.end()) return true;
  const std::size_t colon = name.find(':');
  if (colon == name.npos) return false;
  const std::string_view kind = name.substr(0, colon);
  const std::string_view of = name.substr(colon + 1);
  if (kind == "dag") return of != "~" && segment_ok("dag_id", of);
  if (kind == "backfill") return segment_ok("backfill_id", of);
  if (kind == "dataset") return of == "*" || segment_ok("dataset", of);
  const std::size_t slash = of.find('/');
  return kind == "run" && slash != of.npos && segment_ok("dag_id", of.substr(0, slash)) &&
         segment_ok("run_id", of.substr(slash + 1));
}

void sort_once(std::vector<std::string>& words) {
  std::ranges::sort(words);
  const auto twice = std::ranges::unique(words);
  words.erase(twice.begin(), twice.end());
}

}  // namespace

bool Topics::has(std::string_view name) const { return std::ranges::binary_search(names, name); }

bool Topics::has_dag(std::string_view dag_id) const {
  return sees(dag_id) && (dag_ids.empty() || std::ranges::binary_search(dag_ids, dag_id));
}

bool Topics::sees(std::string_view dag_id) const {
  if (within.empty()) return true;
  return !dag_id.empty() && std::ranges::any_of(within, [&](const std::string& pattern) {
    return pattern_fits(pattern, dag_id);
  });
}

namespace {

/// `dag:x` or `run:x/…` of a DAG that its reader doesn't see.
bool names_hidden(const Topics& topics, std::string_view topic) {
  const bool run = topic.starts_with("run:");
  if (!run && !topic.starts_with("dag:")) return false;
  const std::string_view of = topic.substr(4);
  return !topics.sees(run ? of.substr(0, of.find('/')) : of);
}

}  // namespace

std::expected<Topics, Problem> read_topics(const HeaderList& query, const Principal& who) {
  Topics topics;
  topics.within = who.dags;
  for (const auto& [name, value] : query) {
    if (name == "dag_id") topics.dag_ids.push_back(value);
    if (name == "merge" && value != "true" && value != "false") return refuse_field("merge", "true or false");
    if (name == "merge") topics.merge = value == "true";
    if (name != "topics") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view topic = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), topic.size() + 1));
      if (!known_topic(topic)) {
        return refuse_field("topics", "a topic that there isn't",
                            "overview events runs tasks dags backfills datasets capacity audit dag:ID "
                            "run:DAG/RUN backfill:N dataset:NAME");
      }
      topics.names.emplace_back(topic);
    }
  }
  if (topics.names.empty()) topics.names.emplace_back("events");
  if (who.role < Role::admin && std::ranges::find(topics.names, "audit") != topics.names.end())
    return refuse(403, "forbidden",
                  fmt::format("'{}' is a {}; the topic audit needs the role admin", who.name,
                              to_word(who.role)));
  std::erase_if(topics.names, [&](const std::string& name) { return names_hidden(topics, name); });
  sort_once(topics.names);
  sort_once(topics.dag_ids);
  sort_once(topics.within);
  if (topics.names.size() + topics.dag_ids.size() > limits::stream_topics)
    return refuse_field("topics", fmt::format("at most {} topics and DAGs", limits::stream_topics));
  return topics;
}

std::string_view event_type(std::string_view kind) {
  if (kind == "task") return "ti";
  if (kind == "run") return "run";
  if (kind == "backfill") return "backfill";
  if (kind == "pool") return "capacity";
  if (kind.starts_with("dataset")) return "dataset";
  if (kind == "dag" || kind == "hold" || kind == "tick_skipped") return "dag";
  return kind;
}

/// The core writes its cause as `7: paused by anna`.
BackfillId backfill_of(const EventRow& event) {
  BackfillId id;
  if (event.kind == "backfill")
    std::from_chars(event.cause.data(), event.cause.data() + event.cause.size(), id.value);
  return id;
}

std::string run_topic(std::string_view dag_id, std::string_view run_id) {
  return fmt::format("run:{}/{}", dag_id, run_id);
}

std::vector<std::string> topics_of(const NamedEvent& named) {
  const EventRow& event = named.event;
  const std::string_view type = event_type(event.kind);
  std::vector<std::string> topics = {"events"};
  if (type == "ti") {
    topics.emplace_back("tasks");
  } else if (type == "run" || type == "backfill" || type == "dag") {
    topics.emplace_back(fmt::format("{}s", type));
    topics.emplace_back("overview");
  } else {
    topics.emplace_back(type == "dataset" ? "datasets" : type);
  }
  if (!event.dag_id.empty()) topics.push_back("dag:" + event.dag_id);
  if (!named.run_id.empty()) topics.push_back(run_topic(event.dag_id, named.run_id));
  const BackfillId backfill = type == "run" ? named.backfill : backfill_of(event);
  if (backfill) topics.push_back(fmt::format("backfill:{}", backfill.value));
  return topics;
}

std::vector<std::string> topics_of(const BackfillRow& row) {
  return {"events", "backfills", "overview", "dag:" + row.spec.dag_id,
          fmt::format("backfill:{}", row.id.value)};
}

std::vector<std::string> topics_of(const NamedDatasetEvent& named) {
  std::vector<std::string> topics = {"events", "datasets", "dataset:*", "dataset:" + named.row.dataset};
  if (!named.dag_id.empty()) topics.push_back("dag:" + named.dag_id);
  return topics;
}

std::string text_for(const Topics& topics, const NamedEvent& named) {
  if (topics.within.empty()) return event_text(named);
  NamedEvent shown = named;
  shown.event.cause = without_others(
      named.event.cause, [&](std::string_view dag_id) { return topics.sees(dag_id); });
  return event_text(shown);
}

bool wants(const Topics& topics, const NamedEvent& named) {
  if (!topics.has_dag(named.event.dag_id)) return false;
  return std::ranges::any_of(topics_of(named), [&](const std::string& topic) { return topics.has(topic); });
}

}  // namespace millrace
