#include <utility>

#include <fmt/format.h>

#include "scheduler/core.h"

/// DAGs, pools and the machine: what runs are made of and run on.
namespace millrace {

std::string no_such_dag(const Core& core, std::string_view dag_id) {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : core.dags)
    if (!entry.row.removed) names.push_back(name);
  const std::string near = nearest(dag_id, names);
  return fmt::format("there is no DAG '{}'{}", dag_id,
                     near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

void Core::on(const MachineFound& fact) {
  gpus = fact.gpus;
  admission.set_machine(fact);
  admit_due = true;
}

void Core::on(const PoolLoaded& fact) {
  pools[fact.row.name] = fact.row;
  if (!fact.row.removed) admission.set_pool(fact.row);
}

void Core::on(const DagLoaded& fact) {
  DagEntry& entry = dags[fact.row.dag_id];
  entry.row = fact.row;
  entry.dag = fact.dag;
  if (fact.dag && !fact.row.removed) triggers.set_dag(*fact.dag);
  dag_index.update(entry);
}

void Core::on(const DagSubmitted& fact) {
  const std::string& dag_id = fact.dag->dag_id;
  const bool known = dags.contains(dag_id);
  DagEntry& entry = dags[dag_id];
  if (!known) {
    entry.row.dag_id = dag_id;
    entry.row.paused = fact.paused;
    entry.fresh = true;
  }
  declare_datasets(entry.row.removed ? nullptr : entry.dag.get(), fact.dag.get());
  entry.dag = fact.dag;
  dag_index.update(entry);
  if (!known || entry.row.current != fact.version || entry.row.removed) {
    touch(entry);
    EventRow row;
    row.kind = "dag";
    row.dag_id = dag_id;
    row.to = std::to_string(fact.version.value);
    if (known) row.from = std::to_string(entry.row.current.value);
    row.cause = (known ? "changed by " : "submitted by ") + fact.by;
    event(std::move(row));
    entry.row.current = fact.version;
    entry.row.removed = false;
  }
  skip(triggers.set_dag(*fact.dag));
  look_at_events(dag_id);
  to_start.insert(dag_id);
  schedule(entry);
  reply(fact.request, entry.row);
}

void Core::on(const DagRemoved& fact) {
  DagEntry* entry = find_dag(fact.dag_id);
  if (!entry || entry->row.removed)
    return reply(fact.request, Error{ErrorKind::not_found, no_such_dag(*this, fact.dag_id)});
  if (!entry->active.empty())
    return reply(fact.request,
                 Error{ErrorKind::conflict, fmt::format("DAG '{}' has {} active runs: cancel them or wait",
                                                        fact.dag_id, entry->active.size())});
  touch(*entry);
  entry->row.removed = true;
  set_due(*entry, std::nullopt);
  skip(triggers.remove_dag(fact.dag_id, "the DAG was removed"));
  declare_datasets(entry->dag.get(), nullptr);
  EventRow row;
  row.kind = "dag";
  row.dag_id = fact.dag_id;
  row.cause = "removed by " + fact.by;
  event(std::move(row));
  reply(fact.request, entry->row);
}

void Core::on(const DagPaused& fact) {
  DagEntry* entry = find_dag(fact.dag_id);
  if (!entry || entry->row.removed)
    return reply(fact.request, Error{ErrorKind::not_found, no_such_dag(*this, fact.dag_id)});
  if (entry->row.paused != fact.paused || (!fact.paused && !entry->hold.empty())) {
    touch(*entry);
    entry->row.paused = fact.paused;
    EventRow row;
    row.kind = "dag";
    row.dag_id = fact.dag_id;
    row.cause = (fact.paused ? "paused by " : "unpaused by ") + fact.by;
    event(std::move(row));
    // A person has looked: what the clock says is believed again, and the catch-up policy decides.
    entry->held_since.reset();
    entry->hold.clear();
    schedule(*entry);
    to_start.insert(fact.dag_id);
    if (!fact.paused) look_at_events(fact.dag_id);
  }
  reply(fact.request, entry->row);
}

void Core::on(const PoolSet& fact) {
  if (fact.name.empty() || fact.name.size() > 200 || fact.slots < 0)
    return reply(fact.request, Error{ErrorKind::invalid, "a pool needs a name and slots of 0 or more"});
  const bool known = pools.contains(fact.name);
  PoolRow& row = pools[fact.name];
  if (known && !row.removed && row.slots == fact.slots && row.description == fact.description)
    return reply(fact.request, row);
  row.name = fact.name;
  row.slots = fact.slots;
  row.description = fact.description;
  row.removed = false;
  touch_pool(row, known);
  admission.set_pool(row);
  admit_due = true;
  EventRow said;
  said.kind = "pool";
  said.cause = fmt::format("'{}' set to {} slots by {}", fact.name, fact.slots, fact.by);
  event(std::move(said));
  reply(fact.request, row);
}

void Core::on(const PoolRemoved& fact) {
  const auto it = pools.find(fact.name);
  if (it == pools.end() || it->second.removed)
    return reply(fact.request, Error{ErrorKind::not_found, fmt::format("there is no pool '{}'", fact.name)});
  if (fact.name == "cpu" || fact.name == "gpu")
    return reply(fact.request, Error{ErrorKind::conflict, fmt::format("pool '{}' is built in", fact.name)});
  it->second.removed = true;
  touch_pool(it->second, true);
  admission.remove_pool(fact.name);
  EventRow said;
  said.kind = "pool";
  said.cause = fmt::format("'{}' removed by {}", fact.name, fact.by);
  event(std::move(said));
  reply(fact.request, Done{});
}

void Core::touch_pool(PoolRow& row, bool known) {
  if (dirty_pools.insert(row.name).second && known) ++row.version;
}

}  // namespace millrace
