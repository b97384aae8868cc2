#include "daemon/inbox.h"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("wishes are taken out of the inbox and facts stay in their order") {
  const SystemClock clock;
  int woken = 0;
  Inbox inbox([&] { ++woken; }, clock);
  inbox.post(Event{AttemptStarted{{1}, {}}});
  inbox.post(Request{{7}, TimeReached{}, {}, [](Reply) {}});
  inbox.post(Event{AttemptStarted{{2}, {}}});
  inbox.post(AccessChange{{}, {}, [](Result<void>) {}});
  inbox.post(Submission{"", nullptr, "etl.yaml", "/dags", "folder", {}, [](Submitted) {}});
  inbox.post(Submission{"", nullptr, from_api, "/dags", "anna", {}, [](Submitted) {}});
  CHECK(woken == 1);

  const auto wishes = inbox.take_wishes();
  REQUIRE(wishes.size() == 3);
  CHECK(std::get<Request>(wishes[0]).id == RequestId{7});
  CHECK(std::holds_alternative<AccessChange>(wishes[1]));
  CHECK(std::get<Submission>(wishes[2]).by == "anna");
  CHECK(inbox.take_wishes().empty());

  const auto left = inbox.take_all().messages;
  REQUIRE(left.size() == 3);
  CHECK(std::get<AttemptStarted>(std::get<Event>(left[0])).attempt == AttemptId{1});
  CHECK(std::get<AttemptStarted>(std::get<Event>(left[1])).attempt == AttemptId{2});
}

TEST_CASE("a question wakes the loop while messages wait, and is taken without them") {
  const SystemClock clock;
  int woken = 0;
  Inbox inbox([&] { ++woken; }, clock);
  inbox.post(Event{AttemptStarted{{1}, {}}});
  inbox.ask([](const Scheduler&, Now) {});
  CHECK(woken == 2);
  inbox.ask([](const Scheduler&, Now) {});
  CHECK(woken == 2);
  CHECK(inbox.size() == 3);
  CHECK(inbox.take_looks().size() == 2);
  inbox.ask([](const Scheduler&, Now) {});
  CHECK(woken == 3);
  const Inbox::Taken all = inbox.take_all();
  CHECK(all.messages.size() == 1);
  CHECK(all.looks.size() == 1);
  CHECK(inbox.size() == 0);
}
