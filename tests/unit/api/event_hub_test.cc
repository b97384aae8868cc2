// The hub alone: who is told what, once and in order; windows, merging, coming back, gaps, slow readers. Its
// timers and reader threads are lists here; nothing waits.
#include "api/event_hub.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <deque>
#include <map>

#include "api/event_text.h"
#include "api/stream_slots.h"
#include "base/limits.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

/// A connection that takes everything, or nothing.
struct Client final : StreamOut {
  void write(Piece piece) override {
    if (finished) return;
    got += *piece;
    pieces.push_back(piece);
    if (!reads) waits += piece->size();
  }
  void finish(Piece last, bool drop_waiting) override {
    dropped = drop_waiting;
    got += *last;
    finished = true;
  }
  std::size_t waiting() const override { return waits; }

  /// The numbers it was told, in order.
  std::vector<std::int64_t> ids() const {
    std::vector<std::int64_t> out;
    std::int64_t id = 0;
    for (std::size_t at = 0; at < got.size();) {
      const std::size_t end = got.find("\n\n", at);
      const std::string message = got.substr(at, end - at);
      if (message.starts_with("id: ")) id = std::stoll(message.substr(4));
      if (message.starts_with("id: ") && message.find("\ndata: ") != message.npos) out.push_back(id);
      at = end + 2;
    }
    return out;
  }
  std::string take() { return std::exchange(got, {}); }

  std::string got;
  std::vector<Piece> pieces;
  bool reads = true;
  std::size_t waits = 0;
  bool finished = false, dropped = false;
};

struct Stage {
  FakeRows rows;
  FakeAccess access;
  FakeReader reader{rows, access};
  std::deque<std::pair<std::int64_t, std::function<void()>>> timers;
  std::deque<std::function<void(StoreReader&)>> jobs;
  bool readers_full = false;
  std::vector<std::string> wanted, told;
  EventHub hub{{.after = [this](std::chrono::milliseconds in,
                                std::function<void()> call) { timers.emplace_back(in.count(), call); },
                .read =
                    [this](std::function<void(StoreReader&)> job) {
                      if (!readers_full) jobs.push_back(std::move(job));
                      return !readers_full;
                    },
                .on_interest = [this](const std::string& topic,
                                      bool on) { wanted.push_back((on ? "+" : "-") + topic); },
                .on_told = [this](const std::string& topic) { told.push_back(topic); }},
               0};
  std::int64_t seq = 0;

  struct Open {
    std::shared_ptr<Client> client;
    std::shared_ptr<StreamSource> source;
    Client* operator->() const { return client.get(); }
  };
  Open open(std::string_view query, std::optional<std::int64_t> after = {}, const Principal& who = {}) {
    const auto topics = read_topics(*parse_query(query), who);
    REQUIRE(topics.has_value());
    Open one{std::make_shared<Client>(), hub.stream(*topics, after, nullptr)};
    one.source->opened(one.client);
    return one;
  }

  NamedEvent event(std::string kind, std::string dag_id, std::int64_t object, std::string to) {
    NamedEvent named;
    named.event.seq = ++seq;
    named.event.kind = std::move(kind);
    named.event.dag_id = std::move(dag_id);
    named.event.run = {1};
    named.event.to = std::move(to);
    named.run_id = "manual__1";
    if (named.event.kind == "task") {
      named.event.task_instance = {object};
      named.task_id = fmt::format("t{}", object);
    }
    return named;
  }
  /// Commits: into the record, then to the hub.
  void publish(std::vector<NamedEvent> events) {
    Publication batch;
    batch.last_seq = seq;
    rows.named_events.insert(rows.named_events.end(), events.begin(), events.end());
    batch.events = std::move(events);
    hub.publish(std::move(batch));
  }
  /// Lets the time of the first timer come.
  void next_timer() {
    REQUIRE_FALSE(timers.empty());
    const auto call = timers.front().second;
    timers.pop_front();
    call();
  }
  /// Ends the window: what waits is told.
  void window() {
    for (auto at = timers.begin(); at != timers.end(); ++at) {
      if (at->first >= limits::stream_window.count() + 1) continue;
      const auto call = at->second;
      timers.erase(at);
      return call();
    }
  }
  void run_jobs() {
    while (!jobs.empty()) {
      const auto job = std::move(jobs.front());
      jobs.pop_front();
      job(reader);
    }
  }
};

std::vector<std::int64_t> numbers(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> out;
  for (; from <= to; ++from) out.push_back(from);
  return out;
}

}  // namespace

TEST_CASE("topics: each reader is told its own, once, though several of its topics fit") {
  Stage stage;
  const auto all = stage.open("topics=events");
  const auto etl = stage.open("topics=dag:etl");
  const auto both = stage.open("topics=dag:etl,tasks,overview");
  const auto run = stage.open("topics=run:etl/manual__1");
  const auto other = stage.open("topics=run:etl/manual__2");
  const auto tasks_of_web = stage.open("topics=tasks&dag_id=web");
  const auto overview = stage.open("topics=overview");
  const auto nothing = stage.open("");
  stage.publish({stage.event("run", "etl", 0, "running"), stage.event("task", "etl", 7, "running"),
                 stage.event("task", "web", 8, "running"), stage.event("dag", "web", 0, "2"),
                 stage.event("pool", "", 0, "")});
  stage.window();
  CHECK(all->ids() == numbers(1, 5));
  CHECK(nothing->ids() == numbers(1, 5));  // `events` is the default
  CHECK(etl->ids() == numbers(1, 2));
  CHECK(both->ids() == numbers(1, 4));
  CHECK(run->ids() == numbers(1, 2));
  CHECK(other->ids().empty());
  CHECK(tasks_of_web->ids() == numbers(3, 3));
  CHECK(overview->ids() == std::vector<std::int64_t>{1, 4});
}

TEST_CASE("an event is rendered in the words of the API") {
  Stage stage;
  const auto all = stage.open("topics=events");
  NamedEvent task = stage.event("task", "etl", 7, "running");
  task.event.from = "queued";
  task.event.cause = "started \xff";
  task.map_index = 3;
  task.try_number = 2;
  stage.publish({task, stage.event("task", "etl", 7, "none")});
  all->take();
  stage.window();
  const std::string got = all->take();
  CHECK(got.find("id: 1\nevent: ti\ndata: {\"dag_id\":\"etl\",\"run_id\":\"manual__1\",\"task_id\":\"t7\","
                 "\"map_index\":3,\"try_number\":2,\"state\":\"running\",\"from\":\"queued\","
                 "\"cause\":\"started \xef\xbf\xbd\",\"at\":") == 0);
  CHECK(got.find("\"state\":null") != got.npos);  // none
}

TEST_CASE("what is rendered once goes to all who asked the same") {
  Stage stage;
  const auto one = stage.open("topics=dag:etl,tasks");
  const auto two = stage.open("topics=tasks&topics=dag:etl");
  stage.publish({stage.event("task", "etl", 7, "running")});
  stage.window();
  CHECK(one->pieces.back().get() == two->pieces.back().get());
}

TEST_CASE("the first change is told at once, the next ones together when the window ends") {
  Stage stage;
  const auto reader = stage.open("topics=events");
  const std::size_t hello = reader->pieces.size();
  stage.publish({stage.event("task", "etl", 1, "queued")});
  REQUIRE(stage.timers.back().first == 0);
  stage.window();
  CHECK(reader->pieces.size() == hello + 1);
  stage.publish({stage.event("task", "etl", 1, "running")});
  stage.publish({stage.event("task", "etl", 1, "success")});
  CHECK(reader->pieces.size() == hello + 1);
  stage.window();
  CHECK(reader->pieces.size() == hello + 2);
  CHECK(reader->ids() == numbers(1, 3));
  stage.window();  // nothing came: the window closes
  stage.publish({stage.event("task", "etl", 2, "queued")});
  CHECK(stage.timers.back().first == 0);
}

TEST_CASE("who merges gets the newest change of each object, still in order") {
  Stage stage;
  const auto merged = stage.open("topics=events&merge=true");
  const auto each = stage.open("topics=events");
  stage.publish({stage.event("task", "etl", 1, "queued"), stage.event("task", "etl", 2, "queued"),
                 stage.event("task", "etl", 1, "running"), stage.event("run", "etl", 0, "running"),
                 stage.event("dag", "etl", 0, "1"), stage.event("dag", "etl", 0, "2"),
                 stage.event("task", "etl", 1, "success")});
  stage.window();
  CHECK(merged->ids() == std::vector<std::int64_t>{2, 4, 5, 6, 7});
  CHECK(each->ids() == numbers(1, 7));
}

TEST_CASE("who comes back gets what it missed, once, then what happens") {
  Stage stage;
  for (int i = 0; i < 10; ++i) stage.publish({stage.event("task", "etl", i, "queued")});  // nobody watches
  CHECK(stage.timers.empty());
  const auto back = stage.open("topics=events", 4);
  stage.publish({stage.event("task", "etl", 1, "running")});
  stage.run_jobs();
  stage.window();
  CHECK(back->ids() == numbers(5, 11));
  const auto up_to_date = stage.open("topics=events", 11);
  CHECK(stage.jobs.empty());
  stage.publish({stage.event("task", "etl", 1, "success")});
  stage.window();
  CHECK(up_to_date->ids() == numbers(12, 12));
  CHECK(back->ids() == numbers(5, 12));
}

TEST_CASE("a long gap is read page by page, each when the last one has left, and nothing is told twice") {
  Stage stage;
  const std::int64_t many = 5'000;
  for (std::int64_t i = 0; i < many; ++i) stage.publish({stage.event("task", "etl", i, "queued")});
  const auto back = stage.open("topics=events", 0);
  back->reads = false;
  const auto all_leaves = [&] {
    back->waits = 0;
    back.source->drained();
  };
  back.source->drained();  // the hello has left: no page is due for it
  int pages = 0;
  while (back->ids().size() < static_cast<std::size_t>(many)) {
    REQUIRE(++pages < 50);
    stage.run_jobs();
    const std::size_t before = back->got.size();
    stage.run_jobs();
    CHECK(back->got.size() == before);                          // waits until its bytes have left
    stage.publish({stage.event("task", "etl", 1, "running")});  // and time goes on meanwhile
    stage.window();
    all_leaves();
  }
  for (int i = 0; i < 5; ++i) {
    stage.run_jobs();
    all_leaves();
    stage.window();
  }
  CHECK(pages > 3);
  CHECK(back->ids() == numbers(1, stage.seq));
}

TEST_CASE("a page that has left at once brings the next one") {
  Stage stage;
  const std::int64_t many = 5'000;
  for (std::int64_t i = 0; i < many; ++i) stage.publish({stage.event("task", "etl", i, "queued")});
  const auto back = stage.open("topics=events", 0);  // a client whose socket takes all, before we look
  stage.run_jobs();
  CHECK(back->ids() == numbers(1, many));
}

TEST_CASE("a narrow topic reads over what it doesn't want") {
  Stage stage;
  for (std::int64_t i = 0; i < 3'000; ++i) stage.publish({stage.event("task", "etl", i, "queued")});
  stage.publish({stage.event("run", "web", 0, "running")});
  const auto back = stage.open("topics=dag:web", 0);
  stage.run_jobs();
  CHECK(back->ids() == numbers(3'001, 3'001));
}

TEST_CASE("a gap that is too large, from another time, or not in the record any more is said") {
  Stage stage;
  stage.seq = limits::stream_replay + 10;
  REQUIRE(stage.hub.skip(stage.seq));
  const auto far = stage.open("topics=events", 5);
  CHECK(far->got.find(fmt::format("id: {}\nevent: reset\n", stage.seq)) != std::string::npos);
  const auto future = stage.open("topics=events", stage.seq + 1);
  CHECK(future->got.find("event: reset") != std::string::npos);
  const auto lost = stage.open("topics=events", stage.seq - 3);  // FakeRows has none of them
  stage.run_jobs();
  CHECK(lost->got.find("event: reset") != std::string::npos);
  for (const auto* reader : {&far, &future, &lost}) {
    CHECK_FALSE((*reader)->finished);
    (*reader)->take();
  }
  stage.publish({stage.event("run", "etl", 0, "running")});  // the stream goes on
  stage.window();
  for (const auto* reader : {&far, &future, &lost}) CHECK((*reader)->ids() == numbers(stage.seq, stage.seq));
}

TEST_CASE("a reader that doesn't read is sent away; the others don't notice") {
  Stage stage;
  const auto stuck = stage.open("topics=events");
  const auto fine = stage.open("topics=events");
  stuck->reads = false;
  std::size_t told = 0;
  while (!stuck->finished) {
    REQUIRE(++told < 10'000);
    stage.publish({stage.event("task", "etl", 1, "running")});
    stage.window();
  }
  CHECK(stuck->dropped);
  CHECK(stuck->got.ends_with(resync_text()));
  CHECK(stuck->waits > limits::stream_backlog);
  CHECK(stuck->waits < limits::stream_backlog + 1'000);
  CHECK(fine->ids() == numbers(1, stage.seq));
  // It comes back with the last number it had, and has everything.
  const auto again = stage.open("topics=events", stuck->ids().back());
  stage.run_jobs();
  CHECK(again->ids() == numbers(stuck->ids().back() + 1, stage.seq));
}

TEST_CASE("who reads, but too slowly, is let go on for a while") {
  Stage stage;
  const auto slow = stage.open("topics=events");
  slow->reads = false;
  std::size_t told = 0;
  while (!slow->finished) {
    REQUIRE(++told < 10'000);
    slow->waits -= std::min<std::size_t>(slow->waits, 50);
    stage.publish({stage.event("task", "etl", 1, "running")});
    stage.window();
  }
  CHECK(slow->waits > limits::stream_backlog_most);
  CHECK(slow->waits < limits::stream_backlog_most + 1'000);
}

TEST_CASE("a burst larger than the backlog doesn't send away who reads") {
  Stage stage;
  const auto reader = stage.open("topics=events");
  std::vector<NamedEvent> burst;
  for (std::int64_t i = 0; i < 5'000; ++i) burst.push_back(stage.event("task", "etl", i, "running"));
  stage.publish(std::move(burst));
  stage.window();
  CHECK_FALSE(reader->finished);
  CHECK(reader->ids().size() == 5'000);
}

TEST_CASE("pings keep a quiet stream alive and its reader's number fresh, and end with the last reader") {
  Stage stage;
  const auto quiet = stage.open("topics=dag:web");
  stage.publish({stage.event("run", "etl", 0, "running")});
  stage.window();
  stage.window();
  quiet->take();
  REQUIRE(stage.timers.size() == 1);
  CHECK(stage.timers.front().first == std::chrono::milliseconds(limits::stream_ping).count());
  stage.next_timer();
  CHECK(quiet->take() == ": ping\nid: 1\n\n");
  quiet.source->closed();
  stage.next_timer();
  CHECK(stage.timers.empty());
  CHECK(stage.hub.readers() == 0);
}

TEST_CASE("a batch goes by untold only while nobody watches") {
  Stage stage;
  CHECK(stage.hub.skip(++stage.seq));
  const auto reader = stage.open("topics=events");
  CHECK_FALSE(stage.hub.skip(stage.seq + 1));  // to be published
  stage.publish({stage.event("run", "etl", 0, "running")});
  stage.window();
  CHECK(reader->ids() == numbers(2, 2));
  reader.source->closed();
  CHECK(stage.hub.skip(++stage.seq));
  CHECK(stage.hub.readers() == 0);
}

TEST_CASE("interest in a topic begins with its first reader and ends with its last") {
  Stage stage;
  const auto one = stage.open("topics=run:etl/manual__1");
  const auto two = stage.open("topics=run:etl/manual__1,tasks");
  one.source->closed();
  CHECK(stage.wanted == std::vector<std::string>{"+run:etl/manual__1", "+tasks"});
  two.source->closed();
  two.source->closed();
  CHECK(stage.wanted.back() == "-tasks");
  CHECK(stage.wanted.size() == 4);
}

TEST_CASE("busy readers of the store send a returning reader away for a while") {
  Stage stage;
  stage.publish({stage.event("run", "etl", 0, "running"), stage.event("run", "etl", 0, "success")});
  stage.readers_full = true;
  const auto back = stage.open("topics=events", 1);
  CHECK(back->finished);
  CHECK(back->got.ends_with(resync_text()));
}

TEST_CASE("who may see some DAGs hears of those alone, live and read again, whatever topics it names") {
  Stage stage;
  Principal who;
  who.dags = {"et?"};
  for (const char* query : {"", "topics=events,runs,overview", "topics=run:web/manual__1,dag:etl,dag:web"}) {
    const auto reader = stage.open(query, std::nullopt, who);
    const std::int64_t before = stage.seq;
    NamedEvent told = stage.event("run", "etl", 0, "running");
    told.event.cause = "run again by task web/manual__1/start";
    stage.publish({told, stage.event("run", "web", 0, "running"), stage.event("pool", "", 0, "")});
    stage.window();
    stage.hub.tell("run:web/manual__1", log_text("web", "manual__1", "t", -1, 1, 5));
    const auto again = stage.open(query, before, who);
    stage.run_jobs();
    for (const auto* one : {&reader, &again}) {
      CHECK((*one)->got.find("run again by a task of another DAG") != std::string::npos);
      for (const char* hidden : {"web", "capacity"}) CHECK((*one)->got.find(hidden) == std::string::npos);
      one->source->closed();
    }
    stage.window();
  }
}

TEST_CASE("topics that there aren't are refused in words") {
  for (const std::string_view query :
       {"topics=nonsense", "topics=dag:", "topics=dag:..", "topics=run:etl", "topics=run:etl/a%00b",
        "topics=backfill:x", "topics=events,", "merge=yes", "topics=dag:~"}) {
    CAPTURE(query);
    const auto topics = read_topics(*parse_query(query), {});
    if (query == "topics=events,")
      CHECK(topics.has_value());
    else
      CHECK((!topics.has_value() && topics.error().status == 422));
  }
  std::string many = "topics=dag:d0";
  for (std::size_t i = 1; i <= limits::stream_topics; ++i) many += fmt::format(",dag:d{}", i);
  CHECK_FALSE(read_topics(*parse_query(many), {}).has_value());
}

TEST_CASE("places for streams are counted, and given back") {
  StreamSlots slots(2);
  auto one = slots.take(), two = slots.take();
  REQUIRE(one);
  REQUIRE(two);
  CHECK_FALSE(slots.take());
  one.reset();
  CHECK(slots.take());
  CHECK(slots.taken() == 1);
}

TEST_CASE("a committed batch names its events by the rows beside them, and by what is in memory") {
  RunRow run;
  run.id = {5};
  run.dag_id = "etl";
  run.run_id = "manual__5";
  run.backfill = {3};
  TaskInstanceRow task;
  task.id = {7};
  task.run = {5};
  task.task_id = "load";
  task.try_number = 2;
  AttemptRow attempt;
  attempt.id = {9};
  attempt.try_number = 2;
  const EventRow moved{.seq = 4, .kind = "task", .run = {5}, .task_instance = {7}, .attempt = {9}};
  const EventRow waits{.seq = 6, .kind = "waits", .run = {5}, .task_instance = {7}};
  const InMemory all{[&](RunId id) { return id == run.id ? &run : nullptr; },
                     [&](TaskInstanceId id) { return id == task.id ? &task : nullptr; }};
  const InMemory nothing{[](RunId) { return nullptr; }, [](TaskInstanceId) { return nullptr; }};
  const Publication got = published({task, attempt, moved, EventRow{.seq = 5, .kind = "pool"}}, all);
  REQUIRE(got.events.size() == 2);
  CHECK(got.last_seq == 5);
  CHECK(got.events[0].run_id == "manual__5");
  CHECK(got.events[0].backfill == BackfillId{3});
  CHECK(got.events[0].task_id == "load");
  CHECK(got.events[0].try_number == 2);
  CHECK(got.events[1].run_id.empty());
  // What ended in this batch isn't in memory any more; its rows may come last.
  const Publication ended = published({moved, task, run}, nothing);
  CHECK(ended.events[0].run_id == "manual__5");
  CHECK(ended.events[0].task_id == "load");
  // A task instance that waits for another reason hasn't changed itself.
  const Publication waiting = published({waits}, all);
  CHECK(waiting.events[0].task_id == "load");
  CHECK(waiting.events[0].run_id == "manual__5");
}
