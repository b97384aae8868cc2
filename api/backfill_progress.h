#pragma once

#include <expected>

#include "api/call.h"
#include "api/json.h"

namespace millrace {

/// The backfill of the path; 404 in words.
std::expected<BackfillRow, Problem> find_backfill(const Call&, StoreReader&);

/// The members `progress` and `carries_on` of one backfill.
void write_progress(JsonWriter&, const BackfillRow&, StoreReader&, WallTime now);

}  // namespace millrace
