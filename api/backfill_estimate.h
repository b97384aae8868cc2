#pragma once

#include "api/backfill_preview.h"
#include "api/json.h"

namespace millrace {

/// The member `estimate` of a dry run: when it would end and what it would take, from the DAG's last
/// successful runs. null where there is no history to tell from.
void write_estimate(JsonWriter&, const BackfillWish&, const CascadePlan&, const BackfillPreview&,
                    StoreReader&, WallTime now);

}  // namespace millrace
