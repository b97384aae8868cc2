#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <set>

#include "api/dag_search.h"
#include "api/filters.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace::handlers {
namespace {

/// A page of all DAGs by name: read as such, however many there are.
bool only_pages(const Call& call, const Page& page) {
  if (!page.order_by.empty() && page.order_by != "dag_id" && page.order_by != "-dag_id") return false;
  return std::ranges::all_of(call.query, [](const auto& named) {
    return named.first == "limit" || named.first == "offset" || named.first == "order_by";
  });
}

HttpResponse dags_response(const Call& call, StoreReader& reader, const FoundDags& found) {
  Shapes shapes(call, reader);
  return list_response("dags", found.shown, found.total,
                       [&](JsonWriter& out, const DagRow& row) { shapes.dag(out, row, false); });
}

/// Pauses or unpauses what was found; answers when the last of them is committed.
void pause_all(const CallPtr& call, bool paused, const FoundDags& found) {
  const auto answer = [call, found](StoreReader& later) -> Answer {
    FoundDags now{{}, found.total};
    for (const DagRow& row : found.shown)
      if (auto stored = later.dag(row.dag_id)) now.shown.push_back(std::move(*stored));
    return dags_response(*call, later, now);
  };
  if (found.shown.empty()) return answer_on_reader(call, answer);
  const auto open = std::make_shared<std::atomic<std::size_t>>(found.shown.size());
  const auto refused = std::make_shared<std::atomic<bool>>(false);
  for (const DagRow& row : found.shown) {
    call->backend().request(DagPaused{{}, row.dag_id, paused, call->who.name}, call->context(),
                            [call, answer, open, refused](const Reply& reply) {
                              const Error* error = std::get_if<Error>(&reply.body);
                              // One that isn't there (any more) has nothing to pause; it is shown as stale.
                              const bool bad = error != nullptr && error->kind != ErrorKind::not_found;
                              if (bad && !refused->exchange(true))
                                call->answer(std::unexpected(to_problem(*error)));
                              if (--*open == 0 && !*refused) answer_on_reader(call, answer);
                            });
  }
}

struct Warned {
  std::string dag_id, message;
  DagVersionId version;
};

/// Of DAGs with tasks for a pool that isn't there, those tasks.
std::vector<Warned> warned(const Scheduler& scheduler, DagWish wish) {
  std::set<std::string> pools;
  for (const PoolUse& use : scheduler.pools()) pools.insert(use.pool.name);
  std::vector<std::string>& missing = wish.labels.emplace_back();
  for (const std::string& pool : scheduler.dag_words(label_of_pool(""), nullptr))
    if (!pools.contains(pool)) missing.push_back(label_of_pool(pool));
  std::vector<Warned> out;
  for (const DagSeen& seen : scheduler.dags(wish).dags)
    for (const Task& task : (*seen.dag)->tasks)
      if (!pools.contains(task.pool))
        out.push_back({seen.row->dag_id,
                       fmt::format("task '{}' (line {}) is for the pool '{}', which doesn't exist",
                                   task.task_id, task.place.line, task.pool),
                       seen.row->current});
  return out;
}

}  // namespace

Started list_dags(const CallPtr& call, StoreReader& reader) {
  auto search = dag_search_of(*call);
  if (!search) return std::unexpected(std::move(search.error()));
  if (only_pages(*call, search->page)) {
    const Page& page = search->page;
    auto listed = reader.dag_page(page.limit, page.offset, page.order_by.starts_with('-'));
    call->answer(dags_response(*call, reader, {std::move(listed.rows), listed.total_entries}));
    return {};
  }
  find_dags(call, std::move(*search), [call](StoreReader& later, const FoundDags& found) {
    call->answer(dags_response(*call, later, found));
  });
  return {};
}

/// All that the filter finds on its page.
Started patch_dags(const CallPtr& call, StoreReader&) {
  const auto paused = asked_to_pause(*call);
  if (!paused) return std::unexpected(paused.error());
  auto search = dag_search_of(*call);
  if (!search) return std::unexpected(std::move(search.error()));
  find_dags(call, std::move(*search),
            [call, paused = *paused](StoreReader&, const FoundDags& found) {
              pause_all(call, paused, found);
            });
  return {};
}

Started list_dag_tags(const CallPtr& call, StoreReader&) {
  const auto page = page_of(*call);
  if (!page) return std::unexpected(page.error());
  if (!page->order_by.empty() && page->order_by != "name" && page->order_by != "-name")
    return refuse_field("order_by", "name or -name");
  ask<std::vector<std::string>>(
      call,
      [of = call->sees()](const Scheduler& scheduler, Now) {
        return scheduler.dag_words(label_of_tag(""), of);
      },
      [page = *page, name = text_match(*call, "tag_name")](StoreReader&,
                                                           const std::vector<std::string>& tags) -> Answer {
        std::vector<std::string> all = tags;
        std::erase_if(all, [&](const std::string& tag) { return !matches(name, tag); });
        if (page.order_by == "-name") std::ranges::reverse(all);
        return list_response("tags", one_page(all, page), static_cast<std::int64_t>(all.size()),
                             [](JsonWriter& out, const std::string& tag) { out.string(tag); });
      });
  return {};
}

Answer dag_stats(const Call& call, StoreReader& reader) {
  static constexpr std::array states = {RunState::queued, RunState::running, RunState::success,
                                        RunState::failed};
  const auto wanted = call.query_values("dag_ids");
  std::vector<DagRow> rows;
  if (wanted.empty()) rows = reader.dag_page(static_cast<int>(limits::list_page) + 1, 0, false).rows;
  for (const std::string_view dag_id : std::set(wanted.begin(), wanted.end()))
    if (auto row = reader.dag(dag_id); row && !row->removed) rows.push_back(std::move(*row));
  if (rows.size() > limits::list_page) return refuse_field("dag_ids", "name fewer DAGs");
  std::vector<std::string> dag_ids;
  for (const DagRow& row : rows) dag_ids.push_back(row.dag_id);
  std::map<std::pair<std::string, RunState>, std::int64_t> runs;
  for (const RunCount& count : reader.run_counts(dag_ids)) runs[{count.dag_id, count.state}] = count.runs;
  return list_response(
      "dags", rows, static_cast<std::int64_t>(rows.size()), [&](JsonWriter& out, const DagRow& row) {
        out.begin_object().text_field("dag_id", row.dag_id).text_field("dag_display_name", row.dag_id);
        out.key("stats").begin_array();
        for (const RunState state : states) {
          out.begin_object().text_field("state", to_word(state));
          out.int_field("count", runs[{row.dag_id, state}]).end_object();
        }
        out.end_array().end_object();
      });
}

/// One kind can happen here: a task that waits for a pool which doesn't exist.
Started list_dag_warnings(const CallPtr& call, StoreReader&) {
  const auto page = page_of(*call);
  if (!page) return std::unexpected(page.error());
  static constexpr std::array<std::string_view, 3> types = {"asset conflict", "non-existent pool",
                                                            "runtime varying value"};
  const auto type = call->query_value("warning_type");
  if (type && std::ranges::find(types, *type) == types.end())
    return refuse_field("warning_type", fmt::format("one of: {}", fmt::join(types, ", ")));
  DagWish wish;
  wish.limit = limits::dags_read;
  wish.named = call->sees();
  if (const auto dag_id = call->query_value("dag_id")) wish.only = {std::string(*dag_id)};
  if (type && *type != "non-existent pool") wish.limit = 0;
  ask<std::vector<Warned>>(
      call, [wish](const Scheduler& scheduler, Now) { return warned(scheduler, wish); },
      [call, page = *page](StoreReader& reader, const std::vector<Warned>& all) -> Answer {
        return list_response(
            "dag_warnings", one_page(all, page), static_cast<std::int64_t>(all.size()),
            [&](JsonWriter& out, const Warned& one) {
              const auto facts = call->services->versions.find(reader, one.version);
              out.begin_object().text_field("dag_id", one.dag_id);
              out.text_field("dag_display_name", one.dag_id);
              out.text_field("warning_type", "non-existent pool");
              out.text_field("message", one.message);
              time_field(out, "timestamp", facts ? facts->created_at : WallTime{});
              out.end_object();
            });
      });
  return {};
}

}  // namespace millrace::handlers
