#include "scenario.h"

/// What people ask of several task instances at once.
namespace millrace::test {
namespace {

constexpr RequestId asked{1};

}  // namespace

void Scenario::clear(const std::vector<std::string>& ws) {
  ClearRequested event;
  event.request = asked;
  event.by = "anna";
  event.dry_run = ws[0] == "wouldclear";
  std::string where;
  for (std::size_t i = 1; i < ws.size(); ++i) {
    if (ws[i] == "up") event.upstream = true;
    else if (ws[i] == "down") event.downstream = true;
    else if (ws[i] == "failed") event.only_failed = true;
    else if (ws[i] == "running") event.only_running = true;
    else if (ws[i] == "prevent") event.prevent_running = true;
    else if (ws[i] == "keep") event.keep_runs = true;
    else if (ws[i] == "also") event.more_runs.push_back(run(ws.at(++i)));
    else if (ws[i] == "latest") event.latest_version = true;
    else if (ws[i] == "all") continue;
    else {
      const Name name = parse(ws[i]);
      if (name.mapped) event.instances.emplace_back(name.task, name.map_index);
      else event.task_ids.push_back(name.task);
      if (!name.date.empty()) where = name.date;
    }
  }
  for (std::size_t i = 1; i < ws.size(); ++i)
    if (ws[i] == "all" && i + 1 < ws.size() && parse_iso(ws[i + 1]))
      where = ws[i + 1], event.task_ids.clear(), event.instances.clear();
  event.run = run(where);
  send(event);
}

void Scenario::mark(const std::vector<std::string>& ws) {
  const TaskInstanceRow row = instance(ws.at(1));
  MarkTaskRequested event{asked, row.run, row.id, task_state_from(ws.at(2)).value(), "anna", ""};
  event.dry_run = ws[0] == "wouldmark";
  for (std::size_t i = 3; i < ws.size(); ++i) {
    if (ws[i] == "up") event.upstream = true;
    if (ws[i] == "down") event.downstream = true;
    if (ws[i] == "mapped") event.all_mapped = true;
    if (ws[i] == "also") event.more_runs.push_back(run(ws.at(++i)));
  }
  send(event);
}

}  // namespace millrace::test
