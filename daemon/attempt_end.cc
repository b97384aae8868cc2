#include "daemon/attempt_end.h"

#include <sys/wait.h>  // tidy:allow(only-user) the macros that read a wait status

#include "base/crash_point.h"
#include "daemon/outputs.h"
#include "data/publish_plan.h"
#include "store/secret_texts.h"

namespace millrace {
namespace {

bool ended_well(const ExitFacts& facts) {
  return facts.kind == ExitFacts::Kind::exited && !facts.timed_out && !facts.killed &&
         WIFEXITED(facts.wait_status) && WEXITSTATUS(facts.wait_status) == 0;
}

/// The report is on disk before the first output moves. Of an attempt that was killed in between, those
/// outputs that lie in their places have become versions all the same. Instances of a mapped task (`joins`)
/// lay their files into one folder one after the other, but their ends may be heard in another order: one
/// whose folder has been replaced already isn't the newest version, whatever comes last.
void take_published(AttemptFinished& event, const std::filesystem::path& path, bool joins) {
  const bool good = ended_well(event.facts);
  auto report = read_report(path);
  if (!report) {
    if (good) event.output_problem = "the outputs weren't published; the end of the log says why";
    return;
  }
  if (!report->spawn_failure.empty()) {
    event.facts.kind = ExitFacts::Kind::spawn_failed;
    event.facts.wait_status = 0;
    event.facts.message = std::move(report->spawn_failure);
    return;
  }
  CRASH_POINT("end.report_read");
  const bool all = good && report->problem.empty();
  if (good && !report->problem.empty()) event.output_problem = std::move(report->problem);
  for (PublishedOutput& output : report->outputs) {
    if ((!all || joins) && !is_in_place(output)) continue;
    event.published.push_back({std::move(output.dataset), std::move(output.hash), std::move(output.path),
                               output.bytes, output.files, output.rows, std::move(output.schema)});
  }
}

}  // namespace

AttemptFinished attempt_end(AttemptId id, ExitFacts facts, const std::optional<AttemptContext>& context,
                            const Paths& paths, const SecretMask* mask, std::uint64_t seed) {
  AttemptFinished event{id, std::move(facts), {}, {}, seed};
  if (!context) return event;
  if (event.facts.kind == ExitFacts::Kind::exited) {
    TaskOutputs read = read_outputs(paths.output(context->attempt->name), mask);
    event.outputs = std::move(read.outputs);
    event.output_problem = std::move(read.problem);
    CRASH_POINT("end.outputs_read");
  }
  if (!context->task->outputs.empty() && event.facts.kind != ExitFacts::Kind::spawn_failed)
    take_published(event, paths.publish_report(context->attempt->name),
                   context->task_instance->map_index >= 0);
  if (mask == nullptr) return event;
  mask->hide(event.facts.message);
  mask->hide(event.output_problem);
  for (Published& output : event.published) output.schema = hidden_json(output.schema, *mask);
  return event;
}

}  // namespace millrace
