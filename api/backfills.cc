#include <fmt/format.h>

#include <algorithm>

#include "api/handlers.h"
#include "api/shapes.h"
#include "base/limits.h"
#include "scheduler/backfill_plan.h"

namespace millrace::handlers {
namespace {

constexpr std::size_t planned_at_a_time = 1'000;  // dates whose runs are looked up together

struct Wish {
  BackfillSpec spec;
  std::shared_ptr<const Dag> dag;
};

void read_spec(BodyReader& in, BackfillSpec& spec, bool dry_run) {
  spec.dag_id = in.text("dag_id").value_or("");
  spec.from_date = in.time("from_date");
  spec.to_date = in.time("to_date");
  spec.dates = in.times("dates");
  std::ranges::sort(spec.dates);
  const std::string reprocess = in.text("reprocess_behavior").value_or("none");
  if (reprocess == "failed")
    spec.reprocess = Reprocess::failed;
  else if (reprocess == "completed")
    spec.reprocess = Reprocess::completed;
  else if (reprocess != "none")
    in.refuse("reprocess_behavior", "must be none, failed or completed");
  spec.max_active_runs = static_cast<int>(in.integer("max_active_runs", 1, 1'000).value_or(10));
  spec.run_backwards = in.boolean("run_backwards").value_or(false);
  spec.task_ids = in.texts("task_ids");
  spec.include_upstream = in.boolean("include_upstream").value_or(false);
  spec.include_downstream = in.boolean("include_downstream").value_or(false);
  const auto conf = in.object("dag_run_conf");
  const auto params = in.object("params");
  if (conf && params) in.refuse("params", "is the same as dag_run_conf: give one");
  spec.params = params ? *params : conf.value_or("{}");
  const auto version = in.text("dag_version");
  if (version && *version != "latest" && *version != "pinned")
    in.refuse("dag_version", "must be latest or pinned");
  spec.latest_version = in.boolean("run_on_latest_version").value_or(version.value_or("latest") == "latest");
  spec.pool = in.text("pool").value_or("");
  spec.priority = static_cast<int>(in.integer("priority", -1'000'000, 1'000'000).value_or(0));
  spec.description = in.text("description").value_or("");
  if (in.boolean("cascade").value_or(false)) in.refuse("cascade", "is not available in this version");
  if (in.boolean("dry_run").value_or(dry_run) != dry_run)
    in.refuse("dry_run", "has its own path: /backfills/dry_run");
  if (spec.dag_id.empty()) in.refuse("dag_id", "is missing");
}

std::expected<Wish, Problem> wish_of(const Call& call, StoreReader& reader, bool dry_run) {
  auto body = json_body(call);
  if (!body) return std::unexpected(std::move(body.error()));
  Wish wish;
  BodyReader in(*body);
  read_spec(in, wish.spec, dry_run);
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  wish.spec.created_by = call.who.name;
  const auto row = reader.dag(wish.spec.dag_id);
  if (row && !row->removed) wish.dag = call.backend().dag_version(row->current);
  if (!wish.dag) {
    return refuse(404, "not_found", fmt::format("there is no DAG '{}'", wish.spec.dag_id),
                  "millrace dags list shows those there are");
  }
  if (const auto ok = check_backfill(*wish.dag, wish.spec); !ok)
    return std::unexpected(to_problem(ok.error()));
  auto params = resolve_params(*wish.dag, wish.spec.params);
  if (!params) return refuse_field("dag_run_conf", params.error().message);
  wish.spec.params = std::move(*params);
  return wish;
}

std::string_view word_of(PlannedDate::Action action) {
  switch (action) {
    case PlannedDate::Action::create:
      return "create";
    case PlannedDate::Action::rerun:
      return "rerun";
    case PlannedDate::Action::skip:
      return "skip";
  }
  return "skip";
}

struct Plan {
  std::vector<PlannedDate> shown;  // one page of them
  std::int64_t create = 0, rerun = 0, skip = 0;
};

/// Decides every date, a window at a time; keeps the page that was asked for.
Plan make_plan(const Wish& wish, StoreReader& reader, const Page& page) {
  Plan plan;
  std::int64_t index = 0;
  auto date = first_date(*wish.dag, wish.spec);
  while (date) {
    std::vector<WallTime> window;
    for (; date && window.size() < planned_at_a_time;
         date = date_after(*wish.dag, wish.spec, window.back())) {
      window.push_back(*date);
    }
    const auto [low, high] = std::ranges::minmax(window);
    std::map<WallTime, RunRow> runs;
    for (RunRow& run : reader.runs_between(wish.spec.dag_id, low, high)) {
      runs.insert_or_assign(run.execution_date, std::move(run));
    }
    for (const WallTime at : window) {
      const auto existing = runs.find(at);
      PlannedDate one =
          plan_date(wish.spec, at, existing == runs.end() ? std::nullopt : std::optional(existing->second));
      (one.action == PlannedDate::Action::create  ? plan.create
       : one.action == PlannedDate::Action::rerun ? plan.rerun
                                                  : plan.skip) += 1;
      if (index >= page.offset && index < std::int64_t{page.offset} + page.limit)
        plan.shown.push_back(std::move(one));
      ++index;
    }
  }
  return plan;
}

void write_estimate(JsonWriter& out, const Wish& wish, StoreReader& reader, std::int64_t runs) {
  const auto mean = reader.mean_run_seconds(wish.spec.dag_id);
  const std::int64_t side_by_side = std::max(wish.spec.max_active_runs, 1);
  out.key("estimate").begin_object().key("mean_run_seconds");
  if (mean) {
    const std::int64_t waves = (runs + side_by_side - 1) / side_by_side;
    out.number(*mean).key("seconds").number(*mean * static_cast<double>(waves));
  } else {
    out.null().null_field("seconds");
  }
  out.int_field("max_active_runs", side_by_side);
  out.int_field("tasks_per_run", static_cast<std::int64_t>(chosen_tasks(*wish.dag, wish.spec).size()));
  out.end_object();
}

std::expected<BackfillRow, Problem> find_backfill(const Call& call, StoreReader& reader) {
  auto row = reader.backfill(BackfillId{call.number("backfill_id")});
  if (row) return std::move(*row);
  return refuse(404, "not_found", fmt::format("there is no backfill {}", call.number("backfill_id")),
                "millrace backfill list shows those there are");
}

HttpResponse backfill_response(const Call& call, StoreReader& reader, const BackfillRow& row) {
  JsonWriter out;
  Shapes(call, reader).backfill(out, row);
  return json_response(out.take());
}

Started act(const CallPtr& call, StoreReader& reader, BackfillAction::Kind kind) {
  const auto row = find_backfill(*call, reader);
  if (!row) return std::unexpected(row.error());
  commit(call, BackfillAction{kind, {}, row->id, call->who.name},
         [call](StoreReader& later, const Reply& reply) -> Answer {
           if (const auto* given = std::get_if<BackfillRow>(&reply.body))
             return backfill_response(*call, later, *given);
           return get_backfill(*call, later);
         });
  return {};
}

}  // namespace

Answer list_backfills(const Call& call, StoreReader& reader) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto listed = reader.backfills(call.query_value("dag_id").value_or(""), *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  Shapes shapes(call, reader);
  return list_response("backfills", listed->rows, listed->total_entries,
                       [&](JsonWriter& out, const BackfillRow& row) { shapes.backfill(out, row); });
}

Answer get_backfill(const Call& call, StoreReader& reader) {
  const auto row = find_backfill(call, reader);
  if (!row) return std::unexpected(row.error());
  return backfill_response(call, reader, *row);
}

Answer list_backfill_items(const Call& call, StoreReader& reader) {
  const auto backfill = find_backfill(call, reader);
  if (!backfill) return std::unexpected(backfill.error());
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  const auto listed = reader.backfill_items(backfill->id, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  return list_response(
      "items", listed->rows, listed->total_entries, [&](JsonWriter& out, const BackfillItemRow& row) {
        const auto run = row.run ? reader.run(row.run) : std::nullopt;
        out.begin_object().int_field("backfill_id", row.backfill.value);
        date_fields(out, row.execution_date);
        out.text_field("state", to_word(row.state)).word_field("reason", row.reason);
        out.word_field("dag_run_id", run ? run->run_id : "");
        out.word_field("dag_run_state", run ? to_word(run->state) : std::string_view{}).end_object();
      });
}

Answer dry_run_backfill(const Call& call, StoreReader& reader) {
  const auto wish = wish_of(call, reader, true);
  if (!wish) return std::unexpected(wish.error());
  auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  if (!call.query_value("limit")) page->limit = static_cast<int>(limits::list_page);
  const Plan plan = make_plan(*wish, reader, *page);
  JsonWriter out;
  out.begin_object().key("backfills").begin_array();
  for (const PlannedDate& one : plan.shown) {
    out.begin_object();
    date_fields(out, one.execution_date);
    out.text_field("action", word_of(one.action)).text_field("reason", one.reason).end_object();
  }
  out.end_array().int_field("total_entries", plan.create + plan.rerun + plan.skip);
  out.key("counts").begin_object().int_field("create", plan.create).int_field("rerun", plan.rerun);
  out.int_field("skip", plan.skip).end_object();
  write_estimate(out, *wish, reader, plan.create + plan.rerun);
  out.end_object();
  return json_response(out.take());
}

Started create_backfill(const CallPtr& call, StoreReader& reader) {
  auto wish = wish_of(*call, reader, false);
  if (!wish) return std::unexpected(std::move(wish.error()));
  commit(call, BackfillRequested{{}, std::move(wish->spec)},
         [call](StoreReader& later, const Reply& reply) -> Answer {
           if (const auto* row = std::get_if<BackfillRow>(&reply.body))
             return backfill_response(*call, later, *row);
           return std::unexpected(internal_problem("a backfill request was answered without its row"));
         });
  return {};
}

Started pause_backfill(const CallPtr& call, StoreReader& reader) {
  return act(call, reader, BackfillAction::Kind::pause);
}

Started unpause_backfill(const CallPtr& call, StoreReader& reader) {
  return act(call, reader, BackfillAction::Kind::unpause);
}

Started cancel_backfill(const CallPtr& call, StoreReader& reader) {
  const std::string_view mode = call->query_value("mode").value_or("drain");
  if (mode != "drain" && mode != "terminate") return refuse_field("mode", "must be drain or terminate");
  return act(call, reader,
             mode == "drain" ? BackfillAction::Kind::cancel_drain : BackfillAction::Kind::cancel_terminate);
}

Started retry_backfill(const CallPtr& call, StoreReader& reader) {
  return act(call, reader, BackfillAction::Kind::retry_failed);
}

}  // namespace millrace::handlers
