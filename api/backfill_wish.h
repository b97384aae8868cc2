#pragma once

#include <expected>
#include <memory>
#include <string>

#include "api/call.h"
#include "scheduler/rows.h"

namespace millrace {

/// The body of a backfill request, checked against the DAG in force.
struct BackfillWish {
  BackfillSpec spec;
  DagVersionId version;
  std::shared_ptr<const Dag> dag;
  std::shared_ptr<const Dag> grid;  ///< its dates_dag
  std::string revision;  ///< of the dry run that was looked at; empty: none
};

/// Reads and checks the body. `dry_run`: what the path says, so that a body that says otherwise is refused.
std::expected<BackfillWish, Problem> backfill_wish(const Call&, StoreReader&, bool dry_run);

}  // namespace millrace
