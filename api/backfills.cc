#include <fmt/format.h>

#include <functional>
#include <memory>

#include "api/backfill_estimate.h"
#include "api/backfill_preview.h"
#include "api/backfill_progress.h"
#include "api/backfill_wish.h"
#include "api/dag_dates.h"
#include "api/handlers.h"
#include "api/shapes.h"
#include "base/limits.h"
#include "scheduler/dates_dag.h"
#include "scheduler/scheduler.h"

namespace millrace::handlers {
namespace {

constexpr int dates_compared = 100'000;  // ten years of hours: those whose change a 409 can name

HttpResponse backfill_response(const Call& call, StoreReader& reader, const BackfillRow& row) {
  JsonWriter out;
  Shapes(call, reader).backfill(out, row);
  return json_response(out.take());
}

/// What a dry run shows and a creation with a revision compares.
using WithPlan = std::function<void(StoreReader&, const BackfillWish&, const CascadePlan&)>;

/// Runs `then` on a reader thread with what the scheduler would carry on into; a refusal answers.
void with_plan(const CallPtr& call, StoreReader& reader, BackfillWish wish, WithPlan then) {
  if (!wish.spec.cascade) return then(reader, wish, {});
  call->backend().ask([call, wish = std::move(wish), then](const Scheduler& scheduler, Now) {
    auto plan = std::make_shared<Result<CascadePlan>>(scheduler.cascade(wish.spec));
    call->services->readers.post_on([call, wish, plan, then](StoreReader& later) {
      if (!*plan) return call->answer(std::unexpected(to_problem(plan->error())));
      try {
        const Narrowed narrowed(later, call->who);
        then(later, wish, **plan);
      } catch (const std::exception& e) {
        call->answer(std::unexpected(internal_problem(e.what())));
      }
    });
  });
}

void write_totals(JsonWriter& out, const BackfillPreview::Part& part) {
  out.key("totals").begin_object();
  for (std::size_t k = 0; k < BackfillPreview::actions; ++k)
    out.int_field(to_word(static_cast<BackfillPreview::Action>(k)), part.totals[k]);
  out.int_field("total", part.count()).end_object();
}

void write_spans(JsonWriter& out, const BackfillPreview::Part& part) {
  out.key("spans").begin_array();
  for (const BackfillPreview::Span& span : part.spans) {
    out.begin_object().text_field("from", to_iso(span.from)).text_field("to", to_iso(span.to));
    out.int_field("count", span.count).text_field("action", to_word(span.action));
    out.text_field("reason", span.reason).end_object();
  }
  out.end_array();
}

void write_dates(JsonWriter& out, const BackfillPreview& made, StoreReader& reader) {
  out.key("backfills").begin_array();
  for (const BackfillPreview::Date& one : made.page) {
    out.begin_object();
    date_fields(out, one.execution_date);
    out.text_field("action", to_word(one.action)).text_field("reason", one.reason);
    out.key("blocked_by");
    const auto run = one.run ? reader.run(one.run) : std::nullopt;
    if (one.blocked_by)
      out.begin_object().text_field("kind", "backfill").int_field("backfill_id", one.blocked_by.value);
    else if (run)
      out.begin_object().text_field("kind", "run").text_field("dag_run_id", run->run_id);
    if (one.blocked_by || run)
      out.end_object();
    else
      out.null();
    out.end_object();
  }
  out.end_array();
}

void write_cascade(JsonWriter& out, const BackfillWish& wish, const CascadePlan& plan,
                   const BackfillPreview& made) {
  out.key("cascade").begin_array();
  for (std::size_t k = 0; k < plan.steps.size(); ++k) {
    out.begin_object().text_field("dag_id", made.cascade[k].dag_id).key("reads").begin_array();
    for (const CascadeStep::Source& source : plan.steps[k].sources)
      out.begin_object()
          .text_field("dag_id", source.step == 0 ? wish.spec.dag_id : made.cascade[source.step - 1].dag_id)
          .int_field("window_days", source.window_days)
          .end_object();
    out.end_array();
    write_totals(out, made.cascade[k]);
    write_spans(out, made.cascade[k]);
    out.end_object();
  }
  out.end_array().key("left_out").begin_array();
  for (const auto& [dag_id, why] : plan.left_out)
    out.begin_object().text_field("dag_id", dag_id).text_field("reason", why).end_object();
  out.end_array();
}

HttpResponse plan_response(const Call& call, StoreReader& reader, const BackfillWish& wish,
                           const CascadePlan& plan, const Page& page) {
  const BackfillPreview made = preview(wish, plan, call, reader, page);
  JsonWriter out;
  out.begin_object();
  write_dates(out, made, reader);
  out.int_field("total_entries", made.own.count());
  out.key("counts").begin_object().int_field("create", made.own.totals[0]);
  out.int_field("rerun", made.own.totals[1])
      .int_field("skip", made.own.count() - made.own.runs())
      .end_object();
  write_totals(out, made.own);
  write_spans(out, made.own);
  write_cascade(out, wish, plan, made);
  write_estimate(out, wish, plan, made, reader, call.services->clock.now().wall);
  out.text_field("timezone", clock_of(*wish.dag, *wish.grid).zone.name());
  out.text_field("revision", made.revision).end_object();
  return json_response(out.take());
}

void create(const CallPtr& call, const BackfillWish& wish, Check check = {}) {
  commit(
      call, BackfillRequested{{}, wish.spec},
      [call](StoreReader& later, const Reply& reply) -> Answer {
        if (const auto* row = std::get_if<BackfillRow>(&reply.body))
          return backfill_response(*call, later, *row);
        return std::unexpected(internal_problem("a backfill request was answered without its row"));
      },
      std::move(check));
}

std::expected<void, Problem> as_previewed(const Call& call, const BackfillWish& wish, const CascadePlan& plan,
                                          StoreReader& reader) {
  Page all;
  all.limit = dates_compared;
  if (auto moved = moved_since(wish.revision, preview(wish, plan, call, reader, all)))
    return std::unexpected(std::move(*moved));
  return {};
}

/// In the step that makes the backfill. Each change that could make its dates another matter leaves an event:
/// where the last one is still `known`, what was seen then is so now.
Check still_as_previewed(const CallPtr& call, const BackfillWish& wish, std::int64_t known) {
  return [call, wish, known](const Scheduler& scheduler,
                             StoreReader& reader) -> std::expected<void, Problem> {
    if (reader.last_event() == known) return {};
    BackfillWish now = wish;
    if (const auto row = scheduler.dag_row(wish.spec.dag_id)) {
      now.version = row->current;
      now.dag = scheduler.dag(wish.spec.dag_id);
      if (now.dag) now.grid = dates_dag(call->backend(), now.dag);
    }
    const auto plan = now.spec.cascade ? scheduler.cascade(now.spec) : Result<CascadePlan>(CascadePlan{});
    if (!plan) return std::unexpected(to_problem(plan.error()));
    return as_previewed(*call, now, *plan, reader);
  };
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
  std::vector<BackfillState> states;
  for (const std::string_view word : call.query_values("state")) {
    const auto state = backfill_state_from(word);
    if (!state) return refuse_field("state", fmt::format("'{}' isn't a state of backfills", word));
    states.push_back(*state);
  }
  const auto listed = reader.backfills(call.query_value("dag_id").value_or(""), states, *page);
  if (!listed) return std::unexpected(to_problem(listed.error()));
  Shapes shapes(call, reader);
  return list_response("backfills", *listed,
                       [&](JsonWriter& out, const BackfillRow& row) { shapes.backfill(out, row); });
}

Started dry_run_backfill(const CallPtr& call, StoreReader& reader) {
  auto wish = backfill_wish(*call, reader, true);
  if (!wish) return std::unexpected(std::move(wish.error()));
  auto page = page_of(*call);
  if (!page) return std::unexpected(page.error());
  if (!call->query_value("limit")) page->limit = static_cast<int>(limits::list_page);
  with_plan(call, reader, std::move(*wish),
            [call, page = *page](StoreReader& later, const BackfillWish& given, const CascadePlan& plan) {
              call->answer(plan_response(*call, later, given, plan, page));
            });
  return {};
}

Started create_backfill(const CallPtr& call, StoreReader& reader) {
  auto wish = backfill_wish(*call, reader, false);
  if (!wish) return std::unexpected(std::move(wish.error()));
  if (wish->revision.empty()) {
    create(call, *wish);
    return {};
  }
  with_plan(call, reader, std::move(*wish),
            [call](StoreReader& later, const BackfillWish& given, const CascadePlan& plan) {
              const std::int64_t known = later.last_event();  // before the look, which may see more
              if (auto same = as_previewed(*call, given, plan, later); !same)
                return call->answer(std::unexpected(std::move(same.error())));
              create(call, given, still_as_previewed(call, given, known));
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
