#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>

#include "store/store.h"
#include "tests/sim/canaries.h"
#include "tests/sim/simulation.h"
#include "tests/sim/substitutes.h"

/// millrace_sim: plays histories from seeds and says what they broke.
namespace {

using namespace millrace;
using namespace millrace::sim;

struct Wish {
  std::uint64_t first = 1, seeds = 20;
  double seconds = 0;  ///< of CPU; 0: all seeds
  bool trace = false, twice = true, canaries = false;
  std::string canary;
};

#ifdef MILLRACE_CANARY
constexpr bool has_canaries = true;
#else
constexpr bool has_canaries = false;
#endif

constexpr const char* usage =
    "millrace_sim [--seed N | --from N --seeds N] [--seconds S] [--once]\n"
    "millrace_sim_canary --canaries | [--canary NAME] [the same]\n"
    "  --seed N     plays this one and prints its trace\n"
    "  --seeds N    plays N of them, from --from (1)\n"
    "  --seconds S  stops when so much CPU time is used\n"
    "  --once       plays each seed once: it isn't compared with itself\n"
    "  --canaries   puts each known bug into the product and says after how many seeds it is found\n"
    "  --canary     only this one\n";

std::optional<Wish> read_arguments(int argc, char** argv) {
  Wish wish;
  const auto number = [&](int& i) {
    std::uint64_t value = 0;
    const char* text = ++i < argc ? argv[i] : "";
    const char* end = text + std::strlen(text);
    return std::from_chars(text, end, value).ptr == end && end != text ? std::optional(value) : std::nullopt;
  };
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    std::optional<std::uint64_t> value;
    if (word == "--once") {
      wish.twice = false;
    } else if (has_canaries && word == "--canaries") {
      wish.canaries = true;
    } else if (has_canaries && word == "--canary" && i + 1 < argc) {
      wish.canary = argv[++i];
    } else if (value = number(i); !value) {
      return {};
    } else if (word == "--seed") {
      wish.first = *value, wish.seeds = 1, wish.trace = true;
    } else if (word == "--from") {
      wish.first = *value;
    } else if (word == "--seeds") {
      wish.seeds = *value;
    } else if (word == "--seconds") {
      wish.seconds = static_cast<double>(*value);
    } else {
      return {};
    }
  }
  return wish;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// A database as its first start leaves it.
std::map<std::string, std::string> first_image(const Paths& paths) {
  Disk disk(0);
  mount(&disk);
  {
    auto store = Store::open(paths.database());
    if (!store) {
      fmt::print(stderr, "{}\n", store.error().message);
      std::exit(2);
    }
  }
  auto image = disk.image();
  mount(nullptr);
  return image;
}

Played play(const Settings& settings) {
  Simulation world(settings);
  return world.run();
}

struct Sum {
  std::int64_t seeds = 0, steps = 0, looks = 0, processes = 0, runs = 0, daemons = 0;
  double hours = 0;
  FaultCounts faults;
  void add(const Played& one) {
    ++seeds;
    steps += one.steps, looks += one.looks, processes += one.processes, runs += one.runs;
    daemons += one.daemons;
    hours += static_cast<double>(one.simulated.count()) / 3.6e9;
    faults.add(one.faults);
  }
};

void complain(Settings settings, const Played& outcome, const Wish& wish) {
  settings.trace = true;
  const Played again = wish.trace ? outcome : play(settings);
  const std::size_t shown = wish.trace ? again.trace.size() : std::min<std::size_t>(40, again.trace.size());
  for (std::size_t i = again.trace.size() - shown; i < again.trace.size(); ++i)
    fmt::print("{}\n", again.trace[i]);
  for (const std::string& problem : outcome.problems) fmt::print("SEED={}: {}\n", settings.seed, problem);
  fmt::print("replay: make sim SEED={}\n", settings.seed);
}

/// After how many seeds the bug is found, and by what; nothing when it isn't.
bool find(const Canary& canary, const Paths& paths, const std::map<std::string, std::string>& image) {
  hooks().canary = canary.name;
  for (std::uint64_t seed = 1; seed <= canary.seeds; ++seed) {
    const Played outcome = play({seed, false, paths, &image});
    if (outcome.problems.empty()) continue;
    hooks().canary.clear();
    if (!play({seed, false, paths, &image}).problems.empty()) {
      fmt::print("{:<26} seed {} fails without it\n", canary.name, seed);
      return false;
    }
    fmt::print("{:<26} seed {:>2} of {}: {}\n", canary.name, seed, canary.seeds, outcome.problems.front());
    return true;
  }
  fmt::print("{:<26} NOT FOUND in {} seeds: {}\n", canary.name, canary.seeds, canary.bug);
  return false;
}

int run(const Wish& wish, const Paths& paths) {
  const auto image = first_image(paths);
  if (wish.canaries) {
    std::size_t found = 0;
    for (const Canary& canary : canaries()) found += find(canary, paths, image) ? 1 : 0;
    fmt::print("{} of {} canaries found\n", found, canaries().size());
    return found == canaries().size() ? 0 : 1;
  }
  hooks().canary = wish.canary;
  Sum sum;
  const double begun = cpu_seconds();
  for (std::uint64_t seed = wish.first; seed < wish.first + wish.seeds; ++seed) {
    const Settings settings{seed, wish.trace, paths, &image};
    Played outcome = play(settings);
    sum.add(outcome);
    if (wish.twice && outcome.problems.empty() && play(settings).hash != outcome.hash)
      outcome.problems.push_back("played twice it went two ways");
    if (!outcome.problems.empty()) {
      complain(settings, outcome, wish);
      return 1;
    }
    if (wish.trace)
      for (const std::string& line : outcome.trace) fmt::print("{}\n", line);
    if (wish.seconds > 0 && cpu_seconds() - begun > wish.seconds) break;
  }
  const double used = cpu_seconds() - begun;
  fmt::print("{}", to_text(sum.faults));
  fmt::print("{} of {} kinds of faults\n", sum.faults.kinds_seen(), fault_kinds);
  fmt::print("{} seeds{}, {:.0f} simulated hours, {} daemons, {} runs, {} processes\n", sum.seeds,
             wish.twice ? " twice" : "", sum.hours, sum.daemons, sum.runs, sum.processes);
  fmt::print("{} steps, {} of them changed the store\n", sum.steps, sum.looks);
  const double plays = wish.twice ? 2 : 1;
  fmt::print("{:.1f} s of CPU: {:.0f} simulated hours and {:.0f} steps a second\n", used,
             plays * sum.hours / used, plays * static_cast<double>(sum.steps) / used);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto wish = read_arguments(argc, argv);
  if (!wish) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  const auto root = std::filesystem::temp_directory_path() / fmt::format("millrace-sim-{}", getpid());
  std::filesystem::create_directories(root);
  const int code = run(*wish, Paths{root});
  std::filesystem::remove_all(root);
  return code;
}
