#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scheduler/dag_list.h"
#include "scheduler/state.h"

namespace millrace {

/// What lists of DAGs ask about, beside each other in memory: a list looks through 10,000 of them in some ten
/// microseconds and follows no pointer but to its page. Core keeps it in step. Internal to scheduler/.
class DagIndex {
 public:
  /// Whatever has changed of it: its row, version, runs, next tick. The entry stays where it is in memory.
  void update(DagEntry&);
  DagPage find(const DagWish&) const;
  const DagCounts& counts() const { return counts_; }
  /// What stands behind `kind` (label_of_tag("")) in the labels of DAGs that may be seen (null: of all), in
  /// order.
  std::vector<std::string> words(std::string_view kind,
                                 const std::function<bool(std::string_view dag_id)>& may_see) const;
  /// (dag_id, why) by dag_id.
  std::vector<std::pair<std::string, std::string>> holds() const;

 private:
  using Place = std::uint32_t;  // in the order of their first appearance
  struct Row {
    const DagEntry* entry = nullptr;
    std::shared_ptr<const Dag> labelled;  // the version whose labels are in by_label_
    std::int64_t due_us = 0;
    std::uint32_t running = 0, queued = 0;
    bool present = false, paused = false, due = false, held = false;
  };

  void add(DagEntry&);
  const std::string& name_of(Place) const;
  std::vector<Place>::const_iterator first_from(std::string_view dag_id) const;
  void count(const Row&, std::int64_t sign);
  void label(Place, const Dag&, bool add);
  template <class Meet>
  void each_named(std::string_view piece, Meet) const;
  bool fits(const Row&, const DagWish&) const;
  std::vector<Place> fitting(const DagWish&) const;
  void sort(std::vector<Place>&, const DagWish&) const;

  std::vector<Row> rows_;                            // by Place
  std::vector<Place> order_;                         // by dag_id
  std::string names_;                                // in lower case, by Place, each with a '\n' behind
  std::vector<std::size_t> name_ends_;               // of each the place of that '\n'
  std::map<std::string, std::vector<Place>, std::less<>> by_label_;  // sorted
  DagCounts counts_;
};

}  // namespace millrace
