#include "api/bulk.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <vector>

#include "base/limits.h"

namespace millrace {
namespace {

struct Failure {
  std::string message;
  int status = 0;
};

struct Bulk {
  CallPtr call;
  std::vector<BulkStep> steps;
  std::size_t next = 0;
  struct Outcome {
    bool asked = false;
    std::vector<std::string> done;
    std::vector<Failure> failed;
  };
  std::array<Outcome, 3> outcomes;  // by action

  Outcome& of(const BulkStep& step) { return outcomes[static_cast<std::size_t>(step.action)]; }
  void fail(const BulkStep& step, const Problem& problem) {
    const bool passed_over = step.lenient && (problem.status == 409 || problem.status == 404);
    if (!passed_over) of(step).failed.push_back({problem.detail, problem.status});
  }
};

HttpResponse bulk_response(const Bulk& bulk) {
  JsonWriter out;
  out.begin_object();
  for (std::size_t i = 0; i < bulk.outcomes.size(); ++i) {
    static constexpr std::string_view names[] = {"create", "update", "delete"};
    const Bulk::Outcome& outcome = bulk.outcomes[i];
    out.key(names[i]);
    if (!outcome.asked) {
      out.null();
      continue;
    }
    out.begin_object().key("success").begin_array();
    for (const std::string& name : outcome.done) out.string(name);
    out.end_array().key("errors").begin_array();
    for (const Failure& failure : outcome.failed) {
      out.begin_object().text_field("error", failure.message).int_field("status_code", failure.status);
      out.end_object();
    }
    out.end_array().end_object();
  }
  out.end_object();
  return json_response(out.take());
}

void go_on(const std::shared_ptr<Bulk>& bulk) {
  if (bulk->next == bulk->steps.size()) return bulk->call->answer(bulk_response(*bulk));
  BulkStep& step = bulk->steps[bulk->next++];
  const auto then = [bulk, &step](const Reply& reply) {
    if (const Error* error = std::get_if<Error>(&reply.body)) {
      bulk->fail(step, to_problem(*error));
    } else {
      bulk->of(step).done.push_back(step.name);
    }
    go_on(bulk);
  };
  bulk->call->backend().request(std::move(step.event), bulk->call->context(), then);
}

std::optional<BulkStep::Action> action_from(const JsonValue* word) {
  if (word == nullptr || !word->is(JsonValue::Kind::string)) return std::nullopt;
  if (word->text == "create") return BulkStep::Action::create;
  if (word->text == "update") return BulkStep::Action::update;
  if (word->text == "delete") return BulkStep::Action::remove;
  return std::nullopt;
}

std::string text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value != nullptr && value->is(JsonValue::Kind::string) ? value->text : "";
}

/// What is to happen with an entity that is there, or isn't.
std::expected<void, Problem> check_words(const JsonValue& item) {
  const std::string there = text_of(item, "action_on_existence");
  if (item.find("action_on_existence") != nullptr && there != "fail" && there != "skip" &&
      there != "overwrite")
    return refuse_field("action_on_existence", "must be fail, skip or overwrite");
  const std::string missing = text_of(item, "action_on_non_existence");
  if (item.find("action_on_non_existence") != nullptr && missing != "fail" && missing != "skip")
    return refuse_field("action_on_non_existence", "must be fail or skip");
  return {};
}

}  // namespace

std::expected<void, Problem> run_bulk(
    const CallPtr& call, std::string_view key,
    const std::function<std::expected<void, Problem>(BulkStep&, const JsonValue& entity)>& plan) {
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  const JsonValue* actions = body->find("actions");
  if (actions == nullptr || !actions->is(JsonValue::Kind::array))
    return refuse_field("actions", "must be a list");
  const auto bulk = std::make_shared<Bulk>();
  bulk->call = call;
  for (const JsonValue& item : actions->items) {
    const auto action = action_from(item.find("action"));
    if (!action) return refuse_field("action", "must be create, update or delete");
    const JsonValue* entities = item.find("entities");
    if (entities == nullptr || !entities->is(JsonValue::Kind::array))
      return refuse_field("entities", "must be a list");
    if (auto ok = check_words(item); !ok) return ok;
    for (const JsonValue& entity : entities->items) {
      BulkStep step;
      step.action = *action;
      step.name = entity.is(JsonValue::Kind::string) ? entity.text : text_of(entity, key);
      step.overwrite = text_of(item, "action_on_existence") == "overwrite";
      step.lenient = text_of(item, "action_on_existence") == "skip" ||
                     text_of(item, "action_on_non_existence") == "skip";
      bulk->of(step).asked = true;
      if (step.name.empty()) return refuse_field(std::string(key), "is missing");
      if (auto ok = plan(step, entity); !ok) {
        bulk->fail(step, ok.error());
      } else {
        bulk->steps.push_back(std::move(step));
      }
      if (bulk->steps.size() > limits::list_page)
        return refuse_field("actions", fmt::format("more than {} entities", limits::list_page));
    }
  }
  go_on(bulk);
  return {};
}

}  // namespace millrace
