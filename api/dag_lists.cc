#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>

#include "api/filters.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

struct DagFilter {
  std::optional<bool> paused, broken, favorite, by_datasets;
  bool with_removed = false;
  TextMatch dag_id, display_name;
  std::vector<std::string_view> tags, owners;
  bool all_tags = false;
  std::string dataset, bundle_name, bundle_version;
  std::optional<RunState> last_state;
  std::optional<RunFilter> run;  ///< has a run like this
};

bool has_tags(const Dag& dag, const std::vector<std::string_view>& wanted, bool all) {
  const auto has = [&](std::string_view tag) { return std::ranges::find(dag.tags, tag) != dag.tags.end(); };
  return all ? std::ranges::all_of(wanted, has) : std::ranges::any_of(wanted, has);
}

std::expected<std::optional<RunState>, Problem> state_in_query(const Call& call, std::string_view name) {
  const auto word = call.query_value(name);
  if (!word) return std::nullopt;
  const auto state = run_state_from(*word);
  if (!state) return refuse_field(std::string(name), "queued, running, success or failed");
  return state;
}

std::expected<void, Problem> read_run_wishes(const Call& call, DagFilter& filter) {
  const auto last = state_in_query(call, "last_dag_run_state");
  if (!last) return std::unexpected(last.error());
  filter.last_state = *last;
  const auto started = time_span(call, "dag_run_start_date"), ended = time_span(call, "dag_run_end_date");
  if (!started) return std::unexpected(started.error());
  if (!ended) return std::unexpected(ended.error());
  const auto states = call.query_values("dag_run_state");
  if (states.empty() && !started->from && !started->to && !ended->from && !ended->to) return {};
  filter.run.emplace();
  filter.run->started = *started;
  filter.run->ended = *ended;
  for (const std::string_view word : states) {
    const auto state = run_state_from(word);
    if (!state) return refuse_field("dag_run_state", "queued, running, success or failed");
    filter.run->states.push_back(*state);
  }
  return {};
}

std::expected<DagFilter, Problem> filter_of(const Call& call) {
  DagFilter filter;
  std::optional<bool> exclude_stale;
  for (const auto& [name, into] :
       {std::pair{"paused", &filter.paused}, std::pair{"has_import_errors", &filter.broken},
        std::pair{"is_favorite", &filter.favorite}, std::pair{"has_asset_schedule", &filter.by_datasets},
        std::pair{"exclude_stale", &exclude_stale}}) {
    const auto flag = flag_in_query(call, name);
    if (!flag) return std::unexpected(flag.error());
    *into = *flag;
  }
  filter.with_removed = !exclude_stale.value_or(true);
  filter.dag_id = text_match(call, "dag_id");
  filter.display_name = text_match(call, "dag_display_name");
  filter.tags = call.query_values("tags");
  filter.owners = call.query_values("owners");
  filter.all_tags = call.query_value("tags_match_mode").value_or("any") == "all";
  filter.dataset = call.query_value("asset_dependency").value_or("");
  filter.bundle_name = call.query_value("bundle_name").value_or("");
  filter.bundle_version = call.query_value("bundle_version").value_or("");
  if (auto ok = read_run_wishes(call, filter); !ok) return std::unexpected(std::move(ok.error()));
  if (auto ok = refuse_filters(call, {"timetable_type"}, "is not a filter here"); !ok)
    return std::unexpected(std::move(ok.error()));
  return filter;
}

/// From the cheap questions to those that ask the store.
bool passes(const DagFilter& filter, const Call& call, StoreReader& reader, Shapes& shapes,
            const DagRow& row) {
  if (filter.paused && row.paused != *filter.paused) return false;
  if (filter.favorite.value_or(false)) return false;  // nobody has favourites here
  if (!filter.bundle_name.empty() && filter.bundle_name != "dags") return false;
  if (!matches(filter.dag_id, row.dag_id) || !matches(filter.display_name, row.dag_id)) return false;
  if (!filter.tags.empty() || !filter.owners.empty() || filter.by_datasets || !filter.dataset.empty()) {
    const auto dag = shapes.dag_of(row.current);
    if (!dag) return false;
    if (!filter.owners.empty() && std::ranges::find(filter.owners, dag->owner) == filter.owners.end())
      return false;
    if (!filter.tags.empty() && !has_tags(*dag, filter.tags, filter.all_tags)) return false;
    const bool by_datasets = dag->schedule.kind == Schedule::Kind::datasets;
    if (filter.by_datasets && by_datasets != *filter.by_datasets) return false;
    const auto& names = dag->schedule.datasets;
    if (!filter.dataset.empty() && std::ranges::find(names, filter.dataset) == names.end()) return false;
  }
  if (filter.broken && shapes.has_import_errors(row) != *filter.broken) return false;
  if (!filter.bundle_version.empty()) {
    const auto facts = call.services->versions.find(reader, row.current);
    if (!facts || facts->hash != filter.bundle_version) return false;
  }
  if (filter.last_state) {
    const auto last = reader.last_run(row.dag_id);
    if (!last || last->state != *filter.last_state) return false;
  }
  if (filter.run) {
    RunFilter runs = *filter.run;
    runs.dag_id = row.dag_id;
    const auto found = reader.runs(runs, Page{.limit = 1, .counted = false});
    if (!found || found->rows.empty()) return false;
  }
  return true;
}

/// Texts that sort as the key does; nothing for an unknown key.
std::optional<std::string> sort_text(std::string_view key, StoreReader& reader, const DagRow& row) {
  if (key == "dag_id" || key == "dag_display_name") return row.dag_id;
  if (key == "is_paused") return row.paused ? "1" : "0";
  if (key != "last_run_state" && key != "last_run_start_date") return std::nullopt;
  const auto last = reader.last_run(row.dag_id);
  if (key == "last_run_state") return std::string(last ? to_word(last->state) : std::string_view{});
  return fmt::format("{:020}", last && last->started_at ? last->started_at->us : 0);
}

/// By the keys of `order_by`, the first one last; rows come in by dag_id.
std::expected<void, Problem> sort(std::vector<DagRow>& rows, std::string_view order, StoreReader& reader) {
  while (!order.empty()) {
    const std::size_t comma = order.rfind(',');
    std::string_view key = order.substr(comma == order.npos ? 0 : comma + 1);
    order = order.substr(0, comma == order.npos ? 0 : comma);
    const bool descending = key.starts_with('-');
    if (descending) key.remove_prefix(1);
    if (!sort_text(key, reader, DagRow{}))
      return refuse_field("order_by", "dag_id, dag_display_name, is_paused, last_run_state or "
                                      "last_run_start_date, '-' in front for descending");
    std::vector<std::pair<std::string, DagRow>> keyed;
    for (DagRow& row : rows) keyed.emplace_back(*sort_text(key, reader, row), std::move(row));
    std::ranges::stable_sort(keyed, [&](const auto& a, const auto& b) {
      return descending ? b.first < a.first : a.first < b.first;
    });
    rows.clear();
    for (auto& [text, row] : keyed) rows.push_back(std::move(row));
  }
  return {};
}

struct FoundDags {
  std::vector<DagRow> shown;
  std::int64_t total = 0;
};

/// A page of all DAGs by name: read as such, however many there are.
bool only_pages(const Call& call, const Page& page) {
  if (!call.who.dags.empty()) return false;  // a token for some DAGs: each row is looked at
  if (!page.order_by.empty() && page.order_by != "dag_id" && page.order_by != "-dag_id") return false;
  return std::ranges::all_of(call.query, [](const auto& named) {
    return named.first == "limit" || named.first == "offset" || named.first == "order_by";
  });
}

std::expected<FoundDags, Problem> find_dags(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto filter = filter_of(call);
  if (!filter) return std::unexpected(filter.error());
  if (only_pages(call, *page)) {
    auto listed = reader.dag_page(page->limit, page->offset, page->order_by.starts_with('-'));
    return FoundDags{std::move(listed.rows), listed.total_entries};
  }
  Shapes shapes(call, reader);
  std::vector<DagRow> rows = filter->with_removed ? reader.all_dags() : reader.dags();
  std::erase_if(rows, [&](const DagRow& row) {
    return !call.may_see(row.dag_id) || !passes(*filter, call, reader, shapes, row);
  });
  if (auto ok = sort(rows, page->order_by, reader); !ok) return std::unexpected(std::move(ok.error()));
  return FoundDags{one_page(rows, *page), static_cast<std::int64_t>(rows.size())};
}

HttpResponse dags_response(const Call& call, StoreReader& reader, const FoundDags& found) {
  Shapes shapes(call, reader);
  return list_response("dags", found.shown, found.total,
                       [&](JsonWriter& out, const DagRow& row) { shapes.dag(out, row, false); });
}

}  // namespace

Answer list_dags(const Call& call, StoreReader& reader) {
  const auto found = find_dags(call, reader);
  if (!found) return std::unexpected(found.error());
  return dags_response(call, reader, *found);
}

/// Pauses or unpauses all that the filter finds on its page; answers when the last of them is committed.
Started patch_dags(const CallPtr& call, StoreReader& reader) {
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  if (auto ok = apply_update_mask(*call, *body, {"is_paused"}); !ok)
    return std::unexpected(std::move(ok.error()));
  BodyReader in(*body);
  const auto paused = in.boolean("is_paused");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  if (!paused) return refuse_field("is_paused", "is missing: true or false");
  auto found = find_dags(*call, reader);
  if (!found) return std::unexpected(std::move(found.error()));
  const auto answer = [call, found = *found](StoreReader& later) -> Answer {
    FoundDags now = found;
    for (DagRow& row : now.shown)
      if (auto stored = later.dag(row.dag_id)) row = std::move(*stored);
    return dags_response(*call, later, now);
  };
  if (found->shown.empty()) return answer_on_reader(call, answer), Started{};
  const auto open = std::make_shared<std::atomic<std::size_t>>(found->shown.size());
  const auto refused = std::make_shared<std::atomic<bool>>(false);
  for (const DagRow& row : found->shown) {
    call->backend().request(DagPaused{{}, row.dag_id, *paused, call->who.name}, call->context(),
                            [call, answer, open, refused](const Reply& reply) {
                              const Error* error = std::get_if<Error>(&reply.body);
                              if (error != nullptr && !refused->exchange(true))
                                call->answer(std::unexpected(to_problem(*error)));
                              if (--*open == 0 && !*refused) answer_on_reader(call, answer);
                            });
  }
  return {};
}

Answer list_dag_tags(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const TextMatch name = text_match(call, "tag_name");
  Shapes shapes(call, reader);
  std::set<std::string> tags;
  for (const DagRow& row : reader.dags()) {
    if (!call.may_see(row.dag_id)) continue;
    if (const auto dag = shapes.dag_of(row.current)) tags.insert(dag->tags.begin(), dag->tags.end());
  }
  std::vector<std::string> all(tags.begin(), tags.end());
  std::erase_if(all, [&](const std::string& tag) { return !matches(name, tag); });
  if (!page->order_by.empty() && page->order_by != "name" && page->order_by != "-name")
    return refuse_field("order_by", "name or -name");
  if (page->order_by == "-name") std::ranges::reverse(all);
  return list_response("tags", one_page(all, *page), static_cast<std::int64_t>(all.size()),
                       [](JsonWriter& out, const std::string& tag) { out.string(tag); });
}

Answer dag_stats(const Call& call, StoreReader& reader) {
  static constexpr std::array states = {RunState::queued, RunState::running, RunState::success,
                                        RunState::failed};
  const auto wanted = call.query_values("dag_ids");
  std::vector<DagRow> rows;
  if (wanted.empty()) rows = reader.dag_page(static_cast<int>(limits::list_page) + 1, 0, false).rows;
  for (const std::string_view dag_id : std::set(wanted.begin(), wanted.end()))
    if (auto row = reader.dag(dag_id); row && !row->removed) rows.push_back(std::move(*row));
  std::erase_if(rows, [&](const DagRow& row) { return !call.may_see(row.dag_id); });
  if (rows.size() > limits::list_page) return refuse_field("dag_ids", "name fewer DAGs");
  return list_response(
      "dags", rows, static_cast<std::int64_t>(rows.size()), [&](JsonWriter& out, const DagRow& row) {
        out.begin_object().text_field("dag_id", row.dag_id).text_field("dag_display_name", row.dag_id);
        out.key("stats").begin_array();
        for (const RunState state : states) {
          RunFilter filter;
          filter.dag_id = row.dag_id;
          filter.states = {state};
          const auto listed = reader.runs(filter, Page{.limit = 1});
          out.begin_object().text_field("state", to_word(state));
          out.int_field("count", listed ? listed->total_entries : 0).end_object();
        }
        out.end_array().end_object();
      });
}

/// One kind can happen here: a task that waits for a pool which doesn't exist.
Answer list_dag_warnings(const Call& call, StoreReader& reader) {
  struct Warning {
    std::string dag_id, message;
    WallTime at;
  };
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  static constexpr std::array<std::string_view, 3> types = {"asset conflict", "non-existent pool",
                                                            "runtime varying value"};
  const auto type = call.query_value("warning_type");
  if (type && std::ranges::find(types, *type) == types.end())
    return refuse_field("warning_type", fmt::format("one of: {}", fmt::join(types, ", ")));
  const auto dag_id = call.query_value("dag_id");
  std::set<std::string> pools;
  for (const PoolRow& row : reader.pools()) pools.insert(row.name);
  Shapes shapes(call, reader);
  std::vector<Warning> all;
  for (const DagRow& row : reader.dags()) {
    const auto dag = shapes.dag_of(row.current);
    if (!dag || (dag_id && *dag_id != row.dag_id) || (type && *type != "non-existent pool")) continue;
    const auto facts = call.services->versions.find(reader, row.current);
    for (const Task& task : dag->tasks) {
      if (pools.contains(task.pool)) continue;
      all.push_back({row.dag_id,
                     fmt::format("task '{}' (line {}) is for the pool '{}', which doesn't exist",
                                 task.task_id, task.place.line, task.pool),
                     facts ? facts->created_at : WallTime{}});
    }
  }
  return list_response("dag_warnings", one_page(all, *page), static_cast<std::int64_t>(all.size()),
                       [](JsonWriter& out, const Warning& one) {
                         out.begin_object().text_field("dag_id", one.dag_id);
                         out.text_field("dag_display_name", one.dag_id);
                         out.text_field("warning_type", "non-existent pool");
                         out.text_field("message", one.message);
                         time_field(out, "timestamp", one.at);
                         out.end_object();
                       });
}

}  // namespace millrace::handlers
