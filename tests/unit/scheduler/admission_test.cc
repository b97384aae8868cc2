#include "scheduler/admission.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

using namespace millrace;

namespace {

constexpr std::int64_t gib = 1ll << 30;

Candidate candidate(std::int64_t id, std::string pool = "cpu", int slots = 1) {
  Candidate c;
  c.id = {id};
  c.run = {1};
  c.dag_id = "etl";
  c.since = {id};
  c.pool = std::move(pool);
  c.pool_slots = slots;
  return c;
}

std::vector<std::int64_t> ids(const std::vector<Admission::Admitted>& admitted) {
  std::vector<std::int64_t> out;
  for (const auto& a : admitted) out.push_back(a.candidate.id.value);
  return out;
}

PoolRow pool(std::string name, int slots) { return {std::move(name), slots, {}, false, 1}; }

/// 8 cores, 16 GiB, no GPU; pool `cpu`.
struct WithPool : Admission {
  explicit WithPool(int slots) {
    set_machine({8000, 16 * gib, {}});
    set_pool(pool("cpu", slots));
  }
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("candidates start in the order priority, execution_date, task, id until the pool is full") {
  WithPool a(4);
  Candidate low = candidate(1);
  low.priority = -1;
  Candidate late = candidate(2);
  late.execution_date = {10};
  Candidate second_task = candidate(3);
  second_task.task = 1;
  Candidate urgent = candidate(6);
  urgent.priority = 5;
  for (const Candidate& c : {low, late, second_task, candidate(5), candidate(4), urgent}) a.add(c);
  CHECK(ids(a.admit()) == Ids{6, 4, 5, 3});
  CHECK(a.waits({2}));
  CHECK_FALSE(a.waits({6}));
  a.release({4});
  CHECK(ids(a.admit()) == Ids{2});
  CHECK(a.admit().empty());
}

TEST_CASE("the line is shown in the order in which it then starts, pools and classes taking turns") {
  WithPool a(0);
  a.set_pool(pool("other", 0));
  for (std::int64_t id = 1; id <= 60; ++id) {
    Candidate c = candidate(id, id % 3 == 0 ? "other" : "cpu");
    c.share = static_cast<ShareClass>(id % 4);
    c.priority = static_cast<int>(id * 7 % 5);
    c.run = {1 + id % 5};
    c.max_active_tasks_of_run = 100;
    a.add(c);
  }
  Ids line;
  a.in_start_order({}, [&](const Candidate& c) { return line.push_back(c.id.value), true; });
  CHECK(a.waiting({}) == 60);
  CHECK(a.waiting("other") == 20);
  a.set_pool(pool("cpu", 100));
  a.set_pool(pool("other", 100));
  CHECK(ids(a.admit()) == line);
}

TEST_CASE("one pool's line is shown alone, from its front") {
  WithPool a(0);
  a.add(candidate(1));
  a.add(candidate(2));
  a.add(candidate(3, "elsewhere"));
  Ids line;
  a.in_start_order("cpu", [&](const Candidate& c) { return line.push_back(c.id.value), false; });
  CHECK(line == Ids{1});
}

TEST_CASE("gates name who holds what is lacking, and who keeps it reserved") {
  WithPool a(2);
  Candidate big = candidate(1);
  big.cpu_milli = 7000;
  a.add(big);
  a.admit();
  Candidate wants = candidate(2, "cpu", 2);
  wants.cpu_milli = 2000;
  a.add(wants);
  const std::vector<Gate> gates = a.gates({2}, true);
  REQUIRE(gates.size() == 2);
  CHECK(gates[0].kind == "pool");
  CHECK_FALSE(gates[0].ok);
  CHECK(gates[0].have == 1);
  CHECK(gates[0].need == 2);
  CHECK(gates[1].kind == "cpu");
  CHECK(gates[1].have == 1000);
  for (const Gate& gate : gates) {
    REQUIRE(gate.blockers.size() == 1);
    CHECK(gate.blockers[0].instance == TaskInstanceId{1});
  }
}

TEST_CASE("a candidate that doesn't fit is passed by the next that does") {
  WithPool a(3);
  a.add(candidate(1));
  a.add(candidate(2, "cpu", 3));
  a.add(candidate(3));
  CHECK(ids(a.admit()) == Ids{1, 3});
  CHECK(a.blockers({2}) == std::vector<Wait>{{"pool", "pool 'cpu': 2 of 3 slots taken; this task needs 3"}});
  CHECK(a.blockers({1}).empty());
}

TEST_CASE("a removed candidate doesn't start and unknown ids are ignored") {
  WithPool a(1);
  a.add(candidate(1));
  a.remove({1});
  a.remove({99});
  a.release({99});
  CHECK(a.admit().empty());
  CHECK_FALSE(a.waits({1}));
}

TEST_CASE("adding an id again replaces what it asked for") {
  WithPool a(1);
  a.add(candidate(1, "cpu", 2));
  CHECK(a.admit().empty());
  a.add(candidate(1));
  CHECK(ids(a.admit()) == Ids{1});
}

TEST_CASE("candidates of a pool that doesn't exist wait and say so, and start when it comes back") {
  WithPool a(1);
  a.add(candidate(1, "gone"));
  CHECK(a.admit().empty());
  CHECK(a.blockers({1}) == std::vector<Wait>{{"pool", "pool 'gone' does not exist"}});
  a.set_pool(pool("gone", 1));
  CHECK(ids(a.admit()) == Ids{1});
  a.remove_pool("gone");
  CHECK_FALSE(a.pool_exists("gone"));
  a.add(candidate(2, "gone"));
  a.release({1});
  CHECK(a.admit().empty());
}

TEST_CASE("shrinking a pool takes nothing back and starts nothing until it is below its size") {
  WithPool a(3);
  for (int i = 1; i <= 4; ++i) a.add(candidate(i));
  CHECK(a.admit().size() == 3);
  a.set_pool(pool("cpu", 1));
  a.release({1});
  a.release({2});
  CHECK(a.admit().empty());
  a.release({3});
  CHECK(ids(a.admit()) == Ids{4});
}

TEST_CASE("pools() counts taken and waiting slots") {
  WithPool a(3);
  a.add(candidate(1, "cpu", 2));
  a.add(candidate(2, "cpu", 2));
  a.admit();
  const auto pools = a.pools();
  REQUIRE(pools.size() == 1);
  CHECK(pools[0].occupied == 2);
  CHECK(pools[0].scheduled == 2);
}

TEST_CASE("max_active_tasks of a run holds its others aside and lets other runs pass") {
  WithPool a(100);
  for (int i = 1; i <= 50; ++i) {
    Candidate c = candidate(i);
    c.max_active_tasks_of_run = 2;
    a.add(c);
  }
  Candidate other = candidate(99);
  other.run = {2};
  other.max_active_tasks_of_run = 2;
  a.add(other);
  CHECK(ids(a.admit()) == Ids{1, 2, 99});
  CHECK(a.blockers({3}) == std::vector<Wait>{{"max_active_tasks", "2 of 2 tasks of this run are running"}});
  a.release({1});
  CHECK(ids(a.admit()) == Ids{3});
  // A better one that comes while others are held aside is the next.
  Candidate urgent = candidate(60);
  urgent.max_active_tasks_of_run = 2;
  urgent.priority = 9;
  a.add(urgent);
  a.release({2});
  CHECK(ids(a.admit()) == Ids{60});
  for (int i = 4; i <= 50; ++i) {
    a.release({i == 4 ? 60 : i - 1});
    CHECK(ids(a.admit()) == Ids{i});
  }
}

TEST_CASE("expand's max_active bounds what shares its key") {
  WithPool a(100);
  for (int i = 1; i <= 5; ++i) {
    Candidate c = candidate(i);
    c.limit_key = "1/map";
    c.limit = 2;
    c.max_active_tasks_of_run = 3;
    a.add(c);
  }
  Candidate free = candidate(6);
  free.max_active_tasks_of_run = 3;
  a.add(free);
  CHECK(ids(a.admit()) == Ids{1, 2, 6});
  CHECK(a.blockers({3}).size() == 2);
  a.release({6});
  CHECK(a.admit().empty());
  CHECK(a.blockers({3}) == std::vector<Wait>{{"max_active_tasks", "expand.max_active: 2 of 2 are running"}});
  a.release({1});
  CHECK(ids(a.admit()) == Ids{3});
}

TEST_CASE("cpu and memory of the machine are shared by all pools") {
  WithPool a(100);
  a.set_pool(pool("other", 100));
  Candidate big = candidate(1);
  big.cpu_milli = 6000;
  big.memory_bytes = 10 * gib;
  a.add(big);
  CHECK(a.admit().size() == 1);
  Candidate second = candidate(2, "other");
  second.cpu_milli = 4000;
  second.memory_bytes = 8 * gib;
  a.add(second);
  CHECK(a.admit().empty());
  CHECK(a.blockers({2}) == std::vector<Wait>{{"cpu", "6 of 8 cores taken; this task needs 4"},
                                             {"memory", "10 GiB of 16 GiB taken; this task needs 8 GiB"}});
  a.release({1});
  CHECK(ids(a.admit()) == Ids{2});
}

TEST_CASE("a GPU task gets the smallest free device that is enough, the lowest of equals") {
  Admission a;
  a.set_machine({8000,
                 16 * gib,
                 {{"big", "H100 80GB", 80 * gib, true},
                  {"sick", "T4", 16 * gib, false},
                  {"small0", "T4", 16 * gib, true},
                  {"small1", "T4", 16 * gib, true}}});
  a.set_pool(pool("gpu", 10));
  Candidate c = candidate(1, "gpu");
  c.gpu = 1;
  c.gpu_memory_bytes = 10 * gib;
  a.add(c);
  auto first = a.admit();
  REQUIRE(first.size() == 1);
  CHECK(first[0].devices == std::vector<std::string>{"small0"});
  c.id = {2};
  c.gpu_model = {"A100", "H100"};
  a.add(c);
  CHECK(a.admit().at(0).devices == std::vector<std::string>{"big"});
  c.id = {3};
  c.gpu_model = {};
  c.gpu = 2;
  a.add(c);
  CHECK(a.admit().empty());
  CHECK(a.blockers({3}) == std::vector<Wait>{{"gpu", "1 of 3 fitting devices free; this task needs 2"}});
  a.release({1});
  CHECK(a.admit().at(0).devices == std::vector<std::string>{"small0", "small1"});
  CHECK(a.devices().at(2).second == TaskInstanceId{3});
  CHECK(a.devices().at(1).second == TaskInstanceId{});
}

TEST_CASE("a CPU task never holds a device, and an unhealthy device is given to nobody until it is well") {
  Admission a;
  a.set_machine({8000, 16 * gib, {{"g", "T4", 16 * gib, false}}});
  a.set_pool(pool("gpu", 10));
  Candidate plain = candidate(1, "gpu");
  plain.gpu_memory_bytes = 99 * gib;  // means nothing without gpu
  a.add(plain);
  const auto first = a.admit();
  REQUIRE(first.size() == 1);
  CHECK(first[0].devices.empty());
  Candidate c = candidate(2, "gpu");
  c.gpu = 1;
  a.add(c);
  CHECK(a.admit().empty());
  a.set_machine({8000, 16 * gib, {{"g", "T4", 16 * gib, true}}});
  CHECK(ids(a.admit()) == Ids{2});
}

TEST_CASE("take() holds slots, limits and devices of a live attempt, beyond the limits if need be") {
  Admission a;
  a.set_machine({8000, 16 * gib, {{"g", "T4", 16 * gib, true}}});
  a.set_pool(pool("gpu", 1));
  Candidate live = candidate(1, "gpu", 2);
  live.gpu = 1;
  live.max_active_tasks_of_run = 1;
  a.take(live, {"g"});
  CHECK(a.devices().at(0).second == TaskInstanceId{1});
  CHECK(a.pools().at(0).occupied == 2);
  Candidate c = candidate(2, "gpu");
  c.gpu = 1;
  c.max_active_tasks_of_run = 1;
  a.add(c);
  CHECK(a.admit().empty());
  CHECK(a.blockers({2}).size() == 3);
  a.release({1});
  CHECK(a.admit().at(0).devices == std::vector<std::string>{"g"});
}

TEST_CASE("classes share a full pool 8:4:4:1") {
  WithPool a(1);
  std::int64_t id = 0;
  std::map<std::int64_t, ShareClass> class_of;
  for (const ShareClass share :
       {ShareClass::manual, ShareClass::scheduled, ShareClass::dataset_triggered, ShareClass::backfill})
    for (int i = 0; i < 400; ++i) {
      Candidate c = candidate(++id);
      c.share = share;
      class_of[id] = share;
      a.add(c);
    }
  std::map<ShareClass, int> started;
  for (int i = 0; i < 17 * 20; ++i) {
    const auto one = a.admit();
    REQUIRE(one.size() == 1);
    ++started[one[0].candidate.share];
    a.release(one[0].candidate.id);
  }
  CHECK(started[ShareClass::manual] == 160);
  CHECK(started[ShareClass::scheduled] == 80);
  CHECK(started[ShareClass::dataset_triggered] == 80);
  CHECK(started[ShareClass::backfill] == 20);
}

TEST_CASE("a manual candidate beside 10,000 of a backfill starts with the next free slot") {
  WithPool a(2);
  for (int i = 1; i <= 10'000; ++i) {
    Candidate c = candidate(i);
    c.share = ShareClass::backfill;
    a.add(c);
  }
  for (int i = 1; i <= 500; ++i) {
    a.admit();
    a.release({i});
  }
  a.admit();
  a.add(candidate(20'000));
  a.release({501});
  CHECK(ids(a.admit()) == Ids{20'000});
}

TEST_CASE("a class that had nothing to start for long doesn't get its old turns back at once") {
  WithPool a(1);
  for (int i = 1; i <= 2000; ++i) a.add(candidate(i));
  for (int i = 1; i <= 1000; ++i) {
    CHECK(ids(a.admit()) == Ids{i});
    a.release({i});
  }
  for (int i = 5001; i <= 5100; ++i) {
    Candidate c = candidate(i);
    c.share = ShareClass::backfill;
    a.add(c);
  }
  int backfill = 0;
  for (int i = 0; i < 90; ++i) {
    const auto one = a.admit();
    backfill += one.at(0).candidate.share == ShareClass::backfill ? 1 : 0;
    a.release(one[0].candidate.id);
  }
  CHECK(backfill == 10);
}

TEST_CASE("a big task that small ones keep passing gets what frees up kept for it") {
  WithPool a(4);
  std::int64_t id = 1;
  Candidate big = candidate(100'000, "cpu", 4);
  big.execution_date = {-1};
  for (; id <= 4; ++id) a.add(candidate(id));
  a.admit();
  a.add(big);
  bool started = false;
  int passed_over = 0;
  for (std::int64_t oldest = 1; oldest < 200 && !started; ++oldest) {
    a.add(candidate(id++));
    a.release({oldest});
    for (const auto& one : a.admit()) {
      started = started || one.candidate.id == big.id;
      passed_over += started ? 0 : 1;
    }
  }
  CHECK(started);
  CHECK(passed_over < 40);
}

TEST_CASE("a higher priority of the same class goes before a kept reservation, others say why they wait") {
  WithPool a(2);
  a.add(candidate(1));
  a.add(candidate(2));
  a.admit();
  a.add(candidate(1000, "cpu", 2));
  std::int64_t id = 3;
  for (; id < 40 && a.pools().at(0).occupied == 2; ++id) {
    Candidate c = candidate(id);
    c.share = ShareClass::scheduled;
    a.add(c);
    a.release({id - 2});
    a.admit();
  }
  // The pool drains for 1000: one slot is free and stays free.
  CHECK(id > 10);
  REQUIRE(a.pools().at(0).occupied == 1);
  const std::vector<Wait> why = a.blockers({id - 1});
  REQUIRE(why.size() == 1);
  CHECK(why[0].kind == "share");
  Candidate urgent = candidate(2000);
  urgent.priority = 1;
  a.add(urgent);
  CHECK(ids(a.admit()) == Ids{2000});
}

TEST_CASE("who waits because of a reservation is told the one that stops it, not the oldest") {
  WithPool a(2);
  a.set_pool(pool("other", 2));
  // Both pools drain for one that needs all of them; the pool `other` has been waited for longer.
  std::int64_t last = 0;
  const auto drain = [&](const std::string& name, std::int64_t big) {
    const auto occupied = [&] { return a.pools().at(name == "cpu" ? 0 : 1).occupied; };
    const auto small = [&](std::int64_t id) {
      Candidate c = candidate(id, name);
      c.share = ShareClass::scheduled;
      a.add(c);
    };
    std::int64_t id = big + 1;
    small(id++), small(id++);
    a.admit();
    a.add(candidate(big, name, 2));
    for (; id < big + 90 && occupied() == 2; ++id) {
      small(id);
      a.release({id - 2});
      a.admit();
    }
    REQUIRE(occupied() == 1);
    last = id - 1;
  };
  drain("other", 100);
  const std::int64_t of_other = last;
  drain("cpu", 300);
  for (const auto& [waits, big] : {std::pair{of_other, 100}, std::pair{last, 300}}) {
    const std::vector<Gate> gates = a.gates({waits}, true);
    REQUIRE(gates.back().kind == "share");
    REQUIRE(gates.back().blockers.size() == 1);
    CHECK(gates.back().blockers[0].instance.value == big);
  }
}

TEST_CASE("what could never run keeps nothing from the others") {
  WithPool a(2);
  a.add(candidate(1'000'000, "cpu", 3));
  for (int i = 1; i <= 200; ++i) {
    a.add(candidate(i));
    CHECK(ids(a.admit()) == Ids{i});
    a.release({i});
  }
  CHECK(a.blockers({1'000'000}) == std::vector<Wait>{{"pool", "pool 'cpu' has 2 slots; this task needs 3"}});
}

TEST_CASE("a big memory request isn't starved by small ones of another pool") {
  WithPool a(100);
  a.set_pool(pool("other", 100));
  std::int64_t id = 1;
  const auto small = [&] {
    Candidate c = candidate(id++, "other");
    c.memory_bytes = 4 * gib;
    return c;
  };
  for (int i = 0; i < 4; ++i) a.add(small());
  a.admit();
  Candidate big = candidate(100'000);
  big.memory_bytes = 16 * gib;
  a.add(big);
  bool started = false;
  for (std::int64_t oldest = 1; oldest < 300 && !started; ++oldest) {
    a.add(small());
    a.release({oldest});
    for (const auto& one : a.admit()) started = started || one.candidate.id == big.id;
  }
  CHECK(started);
}
