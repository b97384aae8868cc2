// Random operations on Admission beside a model that is too simple to be wrong.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "scheduler/admission.h"

using namespace millrace;

namespace {

constexpr std::int64_t gib = 1ll << 30;

struct Model {
  struct Running {
    Candidate candidate;
    std::vector<std::string> devices;
  };
  MachineFound machine;
  std::map<std::string, int> pools;
  std::map<TaskInstanceId, Candidate> waiting;
  std::map<TaskInstanceId, Running> running;

  std::int64_t taken(const std::string& pool) const {
    std::int64_t n = 0;
    for (const auto& [id, r] : running) n += r.candidate.pool == pool ? r.candidate.pool_slots : 0;
    return n;
  }
  template <class F>
  std::int64_t sum(F of) const {
    std::int64_t n = 0;
    for (const auto& [id, r] : running) n += of(r.candidate);
    return n;
  }
  bool device_free(const GpuFact& d) const {
    for (const auto& [id, r] : running)
      if (std::ranges::count(r.devices, d.uuid)) return false;
    return true;
  }
  static bool serves(const GpuFact& d, const Candidate& c) {
    return d.healthy && d.memory_bytes >= c.gpu_memory_bytes &&
           (c.gpu_model.empty() || d.model.find(c.gpu_model[0]) != std::string::npos);
  }
  /// Everything but the fair order: may it start now?
  bool fits(const Candidate& c) const {
    const auto pool = pools.find(c.pool);
    if (pool == pools.end() || taken(c.pool) + c.pool_slots > pool->second) return false;
    if (c.max_active_tasks_of_run > 0 &&
        sum([&](const Candidate& o) { return o.run == c.run ? 1 : 0; }) >= c.max_active_tasks_of_run)
      return false;
    if (c.limit > 0 && sum([&](const Candidate& o) { return o.limit_key == c.limit_key ? 1 : 0; }) >= c.limit)
      return false;
    if (c.cpu_milli > 0 &&
        sum([](const Candidate& o) { return o.cpu_milli; }) + c.cpu_milli > machine.cpu_milli)
      return false;
    if (c.memory_bytes > 0 &&
        sum([](const Candidate& o) { return o.memory_bytes; }) + c.memory_bytes > machine.memory_bytes)
      return false;
    return c.gpu <= std::ranges::count_if(machine.gpus,
                                          [&](const GpuFact& d) { return device_free(d) && serves(d, c); });
  }
};

class Play {
 public:
  explicit Play(std::uint32_t seed) : random_(seed) {
    model_.machine = {
        8000,
        32 * gib,
        {{"g0", "T4", 16 * gib, true}, {"g1", "T4", 16 * gib, true}, {"g2", "H100", 80 * gib, true}}};
    real_.set_machine(model_.machine);
    for (const char* name : {"cpu", "gpu", "small"}) set_pool(name, below(6) + 4);
  }

  void step() {
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        add();
        break;
      case 5:
        remove();
        break;
      case 6:
        set_pool(below(2) ? "cpu" : "small", below(6) + 4);
        break;
      case 7:
        model_.machine.gpus[below(3)].healthy = below(3) > 0;
        real_.set_machine(model_.machine);
        break;
      default:
        release();
    }
    if (below(3) > 0) admit();
  }
  /// Ends what runs until nothing waits any more.
  void drain() {
    for (const char* name : {"cpu", "gpu", "small"}) set_pool(name, 8);
    for (GpuFact& d : model_.machine.gpus) d.healthy = true;
    real_.set_machine(model_.machine);
    for (int i = 0; i < 100'000 && !(model_.waiting.empty() && model_.running.empty()); ++i) {
      admit();
      release();
    }
    CHECK(model_.waiting.empty());
  }
  std::string log;

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  void set_pool(const std::string& name, unsigned slots) {
    model_.pools[name] = static_cast<int>(slots);
    real_.set_pool({name, static_cast<int>(slots), {}, false, 1});
  }
  void add() {
    Candidate c;
    c.id = {++last_id_};
    c.run = {below(8) + 1};
    c.share = static_cast<ShareClass>(below(4));
    c.priority = static_cast<int>(below(3));
    c.execution_date = {below(5)};
    c.task = below(10);
    c.since = {last_id_};
    c.pool = below(3) ? "cpu" : below(2) ? "small" : "gpu";
    c.pool_slots = below(4) ? 1 : static_cast<int>(below(4) + 1);
    c.cpu_milli = below(2) ? 0 : 500 * (below(16) + 1);
    c.memory_bytes = below(3) ? 0 : gib * (below(20) + 1);
    if (c.pool == "gpu" && below(4)) {
      c.gpu = static_cast<int>(below(2) + 1);
      c.gpu_memory_bytes = gib * below(16);
      if (below(4) == 0) c.gpu_model = {"T4"};
    }
    // A run's limit is its own for ever.
    c.max_active_tasks_of_run = static_cast<int>(c.run.value % 4);
    if (below(3) == 0) {
      c.limit_key = "k" + std::to_string(c.run.value % 3);
      c.limit = static_cast<int>(c.run.value % 3) + 1;
    }
    model_.waiting[c.id] = c;
    real_.add(c);
  }
  void remove() {
    if (model_.waiting.empty()) return;
    const auto at = std::next(model_.waiting.begin(), below(static_cast<unsigned>(model_.waiting.size())));
    real_.remove(at->first);
    model_.waiting.erase(at);
  }
  void release() {
    if (model_.running.empty()) return;
    const auto at = std::next(model_.running.begin(), below(static_cast<unsigned>(model_.running.size())));
    real_.release(at->first);
    model_.running.erase(at);
  }
  void admit() {
    for (const auto& one : real_.admit()) {
      const Candidate& c = one.candidate;
      REQUIRE(model_.waiting.contains(c.id));
      REQUIRE(model_.fits(c));
      REQUIRE(std::ssize(one.devices) == c.gpu);
      for (const std::string& uuid : one.devices) {
        const auto d = std::ranges::find(model_.machine.gpus, uuid, &GpuFact::uuid);
        REQUIRE(d != model_.machine.gpus.end());
        REQUIRE((Model::serves(*d, c) && model_.device_free(*d)));
      }
      model_.waiting.erase(c.id);
      model_.running[c.id] = {c, one.devices};
      log += std::to_string(c.id.value) + " ";
    }
    // Nothing that fits is left, but for what is kept for one that waited longer; and each one says why it
    // waits.
    for (const auto& [id, c] : model_.waiting) {
      const auto why = real_.blockers(id);
      INFO("candidate " << id.value);
      REQUIRE_FALSE(why.empty());
      REQUIRE(model_.fits(c) == (why.size() == 1 && why[0].kind == "share"));
    }
  }

  std::mt19937 random_;
  Admission real_;
  Model model_;
  std::int64_t last_id_ = 0;
};

}  // namespace

TEST_CASE("random operations never exceed a limit, leave nothing idle that fits, and starve nobody") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    Play play(seed);
    for (int i = 0; i < 400; ++i) play.step();
    play.drain();
  }
}

TEST_CASE("the same operations give the same decisions") {
  Play one(7), two(7);
  for (int i = 0; i < 2000; ++i) {
    one.step();
    two.step();
  }
  CHECK_FALSE(one.log.empty());
  CHECK(one.log == two.log);
}

TEST_CASE("under a stream that never ends each candidate starts within a bounded number of others") {
  std::mt19937 random(3);
  Admission a;
  a.set_machine({8000, 32 * gib, {}});
  a.set_pool({"cpu", 8, {}, false, 1});
  std::map<std::int64_t, std::size_t> started_when_added;
  std::vector<TaskInstanceId> running;
  std::size_t started = 0, longest = 0;
  std::int64_t id = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (started_when_added.size() < 60) {
      Candidate c;
      c.id = {++id};
      c.run = {id};
      c.since = c.execution_date = {id};
      c.share = static_cast<ShareClass>(random() % 4);
      c.pool = "cpu";
      c.pool_slots = random() % 10 ? 1 : 8;
      c.memory_bytes = random() % 10 ? gib : 32 * gib;
      started_when_added[id] = started;
      a.add(c);
    }
    for (const auto& one : a.admit()) {
      running.push_back(one.candidate.id);
      ++started;
      longest = std::max(longest, started - started_when_added.at(one.candidate.id.value));
      started_when_added.erase(one.candidate.id.value);
    }
    if (running.empty()) continue;
    const std::size_t ended = random() % running.size();
    a.release(running[ended]);
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(ended));
  }
  CHECK(started > 5'000);
  CHECK(longest < 2'000);
}
