#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "dags/dag.h"
#include "scheduler/rows.h"

namespace millrace {

/// An event that waits for a run of one DAG.
struct QueuedDatasetEvent {
  std::int64_t event = 0;
  std::string dataset;
  WallTime partition, at;
  bool rerun_only = false;
  bool stored = false;  ///< its row is on record
  friend bool operator==(const QueuedDatasetEvent&, const QueuedDatasetEvent&) = default;
};
/// "dataset flights_raw 2001-01-05"
std::string cause_of(const QueuedDatasetEvent&);

/// The dataset events that wait for runs: one queue for each DAG, within it by the run that they belong to.
/// An event leaves only by being taken, and who takes it says what became of it. Pure.
class DatasetTriggers {
 public:
  struct Skipped {
    std::string dag_id;
    QueuedDatasetEvent event;
    std::string why;
  };

  /// Replaces what the DAG waits for. Events of datasets that it no longer waits for leave its queue; the
  /// others move to the runs that the new schedule gives them.
  std::vector<Skipped> set_dag(const Dag&);
  std::vector<Skipped> remove_dag(const std::string& dag_id, const std::string& why);
  /// A stored row, after the DAGs. Kept also when no DAG waits for it at the moment.
  void load(const QueuedDatasetEventRow&);
  /// Why no run is to come of an event for a run date; empty: one is.
  using Elsewhere = std::function<std::string(const std::string& dag_id, WallTime run_date)>;
  /// Queues the event for each DAG that waits for its dataset; skipped for those whose queue is full and for
  /// what is taken care of elsewhere.
  std::vector<Skipped> put(const DatasetEventRow&, const Elsewhere& = nullptr);
  /// Takes out what a person doesn't want: of one DAG or of all, of one dataset or of all.
  std::vector<Skipped> drop(const std::string& dag_id, const std::string& dataset,
                            std::optional<WallTime> before, const std::string& why);
  std::vector<std::string> dags_waiting_for(const std::string& dataset) const;

  // Which runs are worth a look: those that something has changed for.
  void look_again(const std::string& dag_id);
  void look_again(const std::string& dag_id, WallTime run_date);
  bool worth_a_look(const std::string& dag_id) const;
  std::vector<std::string> dags_to_look_at() const;
  std::optional<WallTime> next_to_look_at(const std::string& dag_id);  ///< oldest first, each once

  /// Whether events other than `rerun_only` wait for the run.
  bool waiting(const std::string& dag_id, WallTime run_date) const;
  /// Whether an event of each dataset waits (`any`: of one).
  bool has_set(const std::string& dag_id, WallTime run_date) const;
  /// The oldest event of each dataset (`any`: the oldest of all). Call it when has_set.
  std::vector<QueuedDatasetEvent> take_set(const std::string& dag_id, WallTime run_date);
  std::vector<QueuedDatasetEvent> take_all(const std::string& dag_id, WallTime run_date);
  std::vector<QueuedDatasetEvent> take_reruns(const std::string& dag_id, WallTime run_date);
  /// Not now after all.
  void put_back(const std::string& dag_id, WallTime run_date, std::vector<QueuedDatasetEvent>);
  /// A taken event has become something: its row, if there is one, is removed.
  void done(const std::string& dag_id, WallTime run_date, const QueuedDatasetEvent&);

  /// Rows to add and to remove since the last call.
  std::vector<QueuedDatasetEventRow> take_changes();
  /// What waits, for people: by run, then by event.
  std::vector<QueuedDatasetEventRow> queued(const std::string& dag_id) const;

 private:
  struct Subscription {
    Schedule schedule;                  // of kind `datasets`
    std::vector<std::string> datasets;  // sorted, distinct
  };
  using Events = std::map<std::pair<std::int64_t, bool>, QueuedDatasetEvent>;  // by (event, rerun_only)
  struct Queue {
    std::map<WallTime, Events> by_run;
    std::set<WallTime> to_look_at;
    std::size_t size = 0;
  };

  const Events* events_of(const std::string& dag_id, WallTime run_date) const;
  void add(const std::string& dag_id, WallTime run_date, QueuedDatasetEvent);
  /// To its own run and to the later ones of its window.
  void add_mapped(const std::string& dag_id, const Schedule&, QueuedDatasetEvent);
  std::vector<QueuedDatasetEvent> take(const std::string& dag_id, WallTime run_date,
                                       const std::vector<std::pair<std::int64_t, bool>>& keys);
  std::vector<QueuedDatasetEvent> take_if(const std::string& dag_id, WallTime run_date, bool all);
  void unsubscribe(const std::string& dag_id);

  std::map<std::string, Subscription> by_dag_;
  std::map<std::string, std::set<std::string>> dags_of_;  // dataset -> dag_ids
  std::map<std::string, Queue> queues_;
  std::set<std::tuple<std::string, WallTime, std::int64_t, bool>> unstored_;
  std::vector<QueuedDatasetEventRow> removed_;
};

}  // namespace millrace
