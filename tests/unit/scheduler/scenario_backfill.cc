#include "scenario.h"

/// What a scenario asks of backfills.
namespace millrace::test {
namespace {

constexpr RequestId asked{1};

}  // namespace

void Scenario::backfill(const std::vector<std::string>& ws) {
  BackfillRequested event;
  event.request = asked;
  event.spec.created_by = "anna";
  event.spec.dag_id = builders_[0].dag().dag_id;
  for (std::size_t i = 1; i < ws.size(); ++i) {
    const auto next = [&] { return ws.at(++i); };
    if (ws[i] == "from") event.spec.from_date = date_from(next());
    else if (ws[i] == "to") event.spec.to_date = date_from(next());
    else if (ws[i] == "runs") event.spec.max_active_runs = std::stoi(next());
    else if (ws[i] == "backwards") event.spec.run_backwards = true;
    else if (ws[i] == "reprocess")
      event.spec.reprocess = next() == "failed" ? Reprocess::failed : Reprocess::completed;
    else if (ws[i] == "tasks") event.spec.task_ids = split(next(), ',');
    else if (ws[i] == "up") event.spec.include_upstream = true;
    else if (ws[i] == "down") event.spec.include_downstream = true;
    else if (ws[i] == "cascade") event.spec.cascade = true;
    else if (ws[i] == "pinned") event.spec.latest_version = false;
    else if (ws[i] == "pool") event.spec.pool = next();
    else if (ws[i] == "dates")
      for (const std::string& date : split(next(), ',')) event.spec.dates.push_back(date_from(date));
    else event.spec.dag_id = ws[i];
  }
  send(event);
}

void Scenario::backfill_action(const std::vector<std::string>& ws) {
  using Kind = BackfillAction::Kind;
  const std::map<std::string, Kind> kinds{{"pause", Kind::pause},
                                          {"unpause", Kind::unpause},
                                          {"drain", Kind::cancel_drain},
                                          {"terminate", Kind::cancel_terminate},
                                          {"retry", Kind::retry_failed}};
  const BackfillId id{ws.size() > 2 ? std::stoll(ws[2]) : 1};
  world_.act(kinds.at(ws[1]), id, asked);
}

}  // namespace millrace::test
