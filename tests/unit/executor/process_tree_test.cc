#include "executor/process_tree.h"

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("a process reads as what it is") {
  const auto facts = read_process(getpid());
  REQUIRE(facts);
  CHECK(facts->parent == getppid());
  CHECK(facts->session == getsid(0));
  CHECK_FALSE(facts->ended());
  CHECK_FALSE(read_process(0x7ffffff0));
}

TEST_CASE("a mark counts only as a whole entry of the environment") {
  CHECK_FALSE(carries_mark(getpid(), "no-such-attempt"));
  CHECK_FALSE(carries_mark(getpid(), ""));
}

TEST_CASE("the boot has a name") { CHECK(current_boot_id().size() == 36); }
