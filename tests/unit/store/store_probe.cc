#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/store.h"

/// Called with a database and what to do:
///   write N  commits run 1 to N, each with its event and task; prints each number when it is answered
///   hold     opens it, prints `open`, holds it until its input ends
///   nobody   gives up root, opens it, prints why it was refused
using namespace millrace;

namespace {

RunRow run_row(std::int64_t id) {
  RunRow run;
  run.id = {id};
  run.dag_id = "d";
  run.run_id = "run_" + std::to_string(id);
  run.execution_date = {id};
  return run;
}

int write_runs(Store& store, std::int64_t count) {
  for (std::int64_t id = 1; id <= count; ++id) {
    TaskInstanceRow task;
    task.id = {id};
    task.run = {id};
    task.task_id = "t";
    const std::vector<Change> batch = {run_row(id), task, EventRow{.seq = id, .kind = "run", .run = {id}}};
    if (const auto done = store.commit(batch); !done) {
      std::fprintf(stderr, "%s\n", done.error().message.c_str());
      return 1;
    }
    std::printf("%ld\n", static_cast<long>(id));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string_view action = argv[2];
  if (action == "nobody" && getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 2;
  const auto store = Store::open(argv[1]);
  if (!store) {
    std::printf("%s\n", store.error().message.c_str());
    return 1;
  }
  if (action == "write" && argc == 4) return write_runs(**store, std::atol(argv[3]));
  std::printf("open\n");
  std::fflush(stdout);
  if (action == "hold") {
    while (std::getchar() != EOF) {
    }
  }
  return 0;
}
