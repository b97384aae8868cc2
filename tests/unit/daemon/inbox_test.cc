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
  inbox.post(Look{[](const Scheduler&, Now) {}});
  CHECK(woken == 1);

  const auto wishes = inbox.take_wishes();
  REQUIRE(wishes.size() == 3);
  CHECK(std::get<Request>(wishes[0]).id == RequestId{7});
  CHECK(std::holds_alternative<AccessChange>(wishes[1]));
  CHECK(std::get<Submission>(wishes[2]).by == "anna");
  CHECK(inbox.take_wishes().empty());

  const auto left = inbox.take_all().messages;
  REQUIRE(left.size() == 4);
  CHECK(std::get<AttemptStarted>(std::get<Event>(left[0])).attempt == AttemptId{1});
  CHECK(std::get<AttemptStarted>(std::get<Event>(left[1])).attempt == AttemptId{2});
  CHECK(std::holds_alternative<Look>(left[3]));
}
