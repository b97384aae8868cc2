// What people ask for and can't have: each answer says why, and nothing moves.
#include <catch2/catch.hpp>

#include "dag_builder.h"
#include "world.h"

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr RequestId request{7};

struct Asked : World {
  Asked() {
    boot();
    submit(DagBuilder("d").edges("a -> b").build());
    send(RunRequested{{}, "d", {}, date_from("2001-01-01"), {}, "{}", "", "x"});
  }

  /// The refusal of the one request; empty: it was granted.
  std::string refusal(const Event& event) {
    send(event);
    for (const Command& command : seen)
      if (const auto* reply = std::get_if<Reply>(&command)) {
        CHECK(reply->request == request);
        if (const auto* error = std::get_if<Error>(&reply->body)) {
          for (const Command& other : seen) CHECK_FALSE(std::holds_alternative<Record>(other));
          return error->message;
        }
        return {};
      }
    FAIL("no answer");
    return {};
  }
  std::string says(const Event& event, const char* words) {
    const std::string message = refusal(event);
    return message.find(words) != std::string::npos ? std::string(words) : "'" + message + "'";
  }
};

#define REFUSED(event, words) CHECK(asked.says(event, words) == (words))

}  // namespace

TEST_CASE("pools are refused in words: names, sizes, those that aren't there, those that are needed") {
  Asked asked;
  REFUSED((PoolSet{request, "", 1, "", "x"}), "a pool needs a name");
  REFUSED((PoolSet{request, std::string(201, 'p'), 1, "", "x"}), "a pool needs a name");
  REFUSED((PoolSet{request, "p", -1, "", "x"}), "slots of 0 or more");
  REFUSED((PoolRemoved{request, "p", "x"}), "p");
  CHECK(asked.refusal(PoolSet{request, "p", 2, "two", "x"}).empty());
  CHECK(asked.refusal(PoolSet{request, "p", 2, "two", "x"}).empty());
  CHECK(asked.ledger.pools.at("p").version == 1);  // the same again writes nothing
  CHECK(asked.refusal(PoolSet{request, "p", 2, "Two", "x"}).empty());
  CHECK(asked.ledger.pools.at("p").version == 2);
  REFUSED((PoolRemoved{request, "cpu", "x"}), "cpu");
  REFUSED((PoolRemoved{request, "gpu", "x"}), "gpu");
  CHECK(asked.refusal(PoolRemoved{request, "p", "x"}).empty());
  CHECK(asked.ledger.pools.at("p").removed);
  REFUSED((PoolRemoved{request, "p", "x"}), "p");
  asked.boot();  // a removed pool stays so
  CHECK(asked.scheduler->pools().size() == 2);
  CHECK(asked.refusal(PoolSet{request, "p", 3, "", "x"}).empty());
  CHECK(asked.scheduler->pools().size() == 3);
}

TEST_CASE("a clear names tasks and instances that the run has, whichever states it asks for") {
  Asked asked;
  ClearRequested clear;
  clear.request = request;
  clear.run = asked.ledger.runs.begin()->first;
  clear.by = "x";
  for (const bool only_failed : {false, true}) {
    clear.only_failed = only_failed;
    clear.task_ids = {"c"}, clear.instances = {};
    REFUSED(clear, "'c'");
    clear.task_ids = {}, clear.instances = {{"a", 3}};
    REFUSED(clear, "task 'a' has no map_index 3");
  }
}

TEST_CASE("DAGs that aren't there are refused, also removed ones") {
  Asked asked;
  REFUSED((DagPaused{request, "nobody", true, "x"}), "there is no DAG 'nobody'");
  REFUSED((DagRemoved{request, "nobody", "x"}), "there is no DAG 'nobody'");
  asked.submit(DagBuilder("e").edges("a").build());
  CHECK(asked.refusal(DagRemoved{request, "e", "x"}).empty());
  REFUSED((DagRemoved{request, "e", "x"}), "there is no DAG 'e'");
  REFUSED((DagPaused{request, "e", true, "x"}), "there is no DAG 'e'");
  REFUSED((RunRequested{request, "e", {}, {}, {}, "{}", "", "x"}), "there is no DAG 'e'");
  asked.boot();
  REFUSED((DagPaused{request, "e", true, "x"}), "there is no DAG 'e'");
  CHECK(asked.refusal(DagSubmitted{request, {1}, asked.ledger.versions.at({1}), false, "x"}).empty());
}

TEST_CASE("marks and notes are refused for what isn't there and for states that nobody can set") {
  Asked asked;
  const RunId run{1}, other{99};
  const TaskInstanceId a = *asked.ledger.of_run.at(run).begin();
  const auto mark = [&](RunId in, TaskInstanceId ti, TaskState to) {
    return MarkTaskRequested{request, in, ti, to, "x", ""};
  };
  CHECK_FALSE(asked.refusal(mark(other, a, TaskState::failed)).empty());
  CHECK_FALSE(asked.refusal(mark(run, {99}, TaskState::failed)).empty());
  CHECK_FALSE(asked.refusal(mark(run, a, TaskState::queued)).empty());
  REFUSED((MarkRunRequested{request, other, RunState::failed, "x"}), "there is no such run");
  CHECK_FALSE(asked.refusal(MarkRunRequested{request, run, RunState::running, "x"}).empty());
  CHECK_FALSE(asked.refusal(NoteSet{request, other, {}, "n", "x"}).empty());
  CHECK_FALSE(asked.refusal(NoteSet{request, run, {99}, "n", "x"}).empty());
  CHECK(asked.refusal(NoteSet{request, run, a, "why", "x"}).empty());
  CHECK(asked.ledger.task_instances.at(a).note == "why");
  auto skip = mark(run, a, TaskState::skipped);
  skip.note = "not today";
  CHECK(asked.refusal(skip).empty());
  CHECK(asked.ledger.task_instances.at(a).note == "not today");
}

TEST_CASE("what is counted and looked up is what is there") {
  Asked asked;
  const auto counts = asked.scheduler->active_counts();
  CHECK(counts.runs == std::map<RunState, std::size_t>{{RunState::running, 1}});
  CHECK(counts.task_instances ==
        std::map<TaskState, std::size_t>{{TaskState::running, 1}, {TaskState::none, 1}});
  CHECK(counts.dags == 1);
  CHECK(counts.paused_dags == 0);
  asked.send(DagPaused{{}, "d", true, "x"});
  CHECK(asked.scheduler->active_counts().paused_dags == 1);
  const AttemptId live = *asked.ledger.live.begin();
  const auto context = asked.scheduler->attempt_context(live);
  REQUIRE(context);
  CHECK(context->task->task_id == "a");
  CHECK(context->attempt->id == live);
  CHECK_FALSE(asked.scheduler->attempt_context({99}));
  CHECK_FALSE(asked.scheduler->task_context({99}));
  CHECK_FALSE(asked.scheduler->explain({99}, asked.now));
  CHECK(asked.scheduler->waiting_on({99}, asked.now).empty());
  CHECK(asked.scheduler->is_active({1}));
  CHECK_FALSE(asked.scheduler->is_active({99}));
  CHECK(asked.scheduler->run({99}) == nullptr);
  CHECK_FALSE(asked.scheduler->output({99}, "a", "n"));
  CHECK_FALSE(asked.scheduler->output({1}, "nobody", "n"));
  asked.finish(live, exited(0), {{"n", "3"}});
  CHECK(asked.scheduler->output({1}, "a", "n") == "3");
  CHECK_FALSE(asked.scheduler->output({1}, "a", "m"));
  CHECK(asked.scheduler->dag("nobody") == nullptr);
  CHECK_FALSE(asked.scheduler->dag_row("nobody"));
  asked.submit(DagBuilder("e").edges("a").build());
  CHECK(asked.refusal(DagRemoved{request, "e", "x"}).empty());
  std::vector<std::string> dags;
  for (const auto& seen : asked.scheduler->dags({}).dags) dags.push_back(seen.row->dag_id);
  CHECK(dags == std::vector<std::string>{"d"});
  CHECK(asked.scheduler->active_counts().dags == 1);
}
