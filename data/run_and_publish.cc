#include "data/run_and_publish.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/crash_point.h"
#include "data/publish.h"
#include "data/task_process.h"

namespace millrace {
namespace {

/// Into the attempt's log, which the runner opened for appending.
void say(const std::string& line) {
  const std::string text = line + "\n";
  // A log that can't be written is no reason to stop.
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) return;
}

int give_up(const Publisher& publisher, const std::string& problem,
            std::vector<PublishedOutput> outputs = {}) {
  say("[millrace] " + problem);
  if (const auto told = publisher.refuse({std::move(outputs), problem, {}}); !told)
    say("[millrace] " + told.error().message);
  publisher.remove_scratch();
  return 0;
}

}  // namespace

int run_and_publish(const PublishPlan& plan, const std::vector<std::string>& argv) {
  Publisher publisher(plan);
  if (const auto made = publisher.make_scratch(); !made) return give_up(publisher, made.error().message);
  CRASH_POINT("publish.scratch_made");
  const TaskEnd end = run_task(argv);
  CRASH_POINT("publish.task_ended");
  if (!end.failure.empty()) {
    if (const auto told = publisher.refuse({{}, {}, end.failure}); !told)
      say("[millrace] " + told.error().message);
    publisher.remove_scratch();
    return 127;
  }
  if (end.wait_status != 0) {
    publisher.remove_scratch();
    end_like(end);
  }
  // Hashing may take long: whoever ends the attempt now ends it, and nothing has moved.
  let_signals_in();
  const auto prepared = publisher.prepare();
  keep_signals_out();
  if (!prepared) return give_up(publisher, prepared.error().message);
  if (const auto moved = publisher.move(); !moved)
    return give_up(publisher, moved.error().message, prepared->outputs);
  for (const PublishedOutput& output : prepared->outputs)
    say(fmt::format("[millrace] published {} {} bytes={} files={}{} to {}", output.dataset, output.hash,
                    output.bytes, output.files, output.rows ? fmt::format(" rows={}", *output.rows) : "",
                    output.path));
  CRASH_POINT("publish.said");
  publisher.remove_scratch();
  return 0;
}

}  // namespace millrace
