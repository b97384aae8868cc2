#pragma once

#include <vector>

#include "store/scope.h"
#include "store/sqlite.h"
#include "store/store.h"

/// Rows as a reader of some DAGs may know them. Internal to store/.
namespace millrace {

// Leave out what a row that is shown says of other DAGs: who triggered it, who made what it read.
void hide_others(RunRow&, const Scope&);
void hide_others(TaskInstanceRow&, const Scope&);
void hide_others(EventRow&, const Scope&);
void hide_others(DatasetEventRow&, const Scope&);
void hide_others(DatasetVersionRow&, const Scope&);
inline void hide_others(DagVersionRow&, const Scope&) {}
template <class Row>
void hide_others(std::vector<Row>& rows, const Scope& scope) {
  for (Row& row : rows) hide_others(row, scope);
}

/// Of the files that the DAGs' current versions came from. A message may quote other DAGs; here it doesn't.
std::vector<ImportErrorRow> import_errors_of(sqlite::Connection&, const Scope&);

}  // namespace millrace
