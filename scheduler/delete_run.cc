#include <fmt/format.h>

#include "scheduler/core.h"

/// The one way out of history: a finished run goes as a whole. Its events stay, with a line that says so.
namespace millrace {

void Core::on(const RunDeleteRequested& fact) {
  with_run(fact.run, [this, fact](Run* run) {
    if (!run) return reply(fact.request, Error{ErrorKind::not_found, "there is no such run"});
    const RunRow& row = run->row;
    if (!is_final(row.state) || run->live > 0)
      return reply(fact.request, Error{ErrorKind::conflict,
                                       fmt::format("run '{}' is {}: cancel it and wait for its end first",
                                                   row.run_id, to_word(row.state))});
    EventRow said;
    said.kind = "run";
    said.dag_id = row.dag_id;
    said.run = row.id;
    said.cause = fmt::format("'{}' ({}) deleted by {}", row.run_id, to_word(row.state), fact.by);
    event(std::move(said));
    deletions.push_back({row.id, row.version});
    act(RemoveRunFiles{row.dag_id, row.run_id});
    leaving.insert(row.id);
    reply(fact.request, Done{});
  });
}

}  // namespace millrace
