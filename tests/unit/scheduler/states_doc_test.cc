#include <fstream>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "dag_builder.h"
#include "scheduler/words.h"
#include "test_paths.h"

using namespace millrace;

namespace {

struct Section {
  std::set<std::pair<std::string, std::string>> moves;
  std::set<std::string> final;
};

Section section(const std::string& title) {
  std::ifstream in(MILLRACE_SOURCE_DIR "/docs/states.md");
  REQUIRE(in);
  Section out;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) inside = line == "## " + title;
    if (!inside) continue;
    if (line.starts_with("Final:"))
      for (std::string word : test::words(line.substr(6))) out.final.insert(word.substr(1, word.size() - 2));
    const std::vector<std::string> cells = test::split(line, '|');
    if (cells.size() == 5 && cells[1] != "from" && !cells[1].starts_with("---")) {
      CHECK(out.moves.insert({cells[1], cells[3]}).second == true);
    }
  }
  return out;
}

template <class State>
void compare(const std::string& title, int count) {
  const Section doc = section(title);
  CHECK(doc.moves.size() > 3);
  for (int a = 0; a < count; ++a) {
    const auto from = static_cast<State>(a);
    CHECK(doc.final.contains(std::string(to_word(from))) == is_final(from));
    for (int b = 0; b < count; ++b) {
      const auto to = static_cast<State>(b);
      INFO(title << ": " << to_word(from) << " -> " << to_word(to));
      CHECK(doc.moves.contains({std::string(to_word(from)), std::string(to_word(to))}) == may_move(from, to));
    }
  }
}

}  // namespace

TEST_CASE("docs/states.md lists the moves of tasks") { compare<TaskState>("Task instances", 13); }
TEST_CASE("docs/states.md lists the moves of runs") { compare<RunState>("Runs", 4); }
TEST_CASE("docs/states.md lists the moves of backfills") { compare<BackfillState>("Backfills", 6); }

TEST_CASE("every word reads back as its state") {
  for (int i = 0; i < 13; ++i) {
    const auto state = static_cast<TaskState>(i);
    CHECK(task_state_from(to_word(state)) == state);
  }
  for (int i = 0; i < 8; ++i)
    CHECK(outcome_from(to_word(static_cast<Outcome>(i))) == static_cast<Outcome>(i));
  CHECK_FALSE(task_state_from("asleep"));
  CHECK(run_type_from("dataset_triggered") == RunType::dataset_triggered);
  CHECK(item_state_from("cancelled") == ItemState::cancelled);
  CHECK(backfill_state_from("paused") == BackfillState::paused);
}
