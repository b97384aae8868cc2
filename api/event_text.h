#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/published.h"
#include "scheduler/scheduler.h"
#include "store/access.h"

/// The messages of the event stream, as bytes: `id:`, `event:`, one `data:` line of JSON, an empty line. The
/// same event reads the same live and read again.
namespace millrace {

std::string event_text(const NamedEvent&);

// Without a number of their own: the newest state of something, not a fact of the record.
std::string progress_text(const BackfillRow&);
std::string renewed_text(const NamedDatasetEvent&);
/// A log of a watched run is this long now.
std::string log_text(std::string_view dag_id, std::string_view run_id, std::string_view task_id,
                     int map_index, int try_number, std::int64_t size);
std::string capacity_text(const std::vector<PoolUse>&);

/// `: ping`, with the number that a reader of nothing new goes on from.
/// A row of the audit log, as the list of them shows it.
std::string audit_text(const AuditRow&);
std::string ping_text(std::int64_t seq);
/// The first bytes of a stream; without a number the reader's own one stays.
std::string hello_text(std::optional<std::int64_t> seq);
/// A gap that isn't told: read anew what you show, go on from `seq`.
std::string reset_text(std::int64_t seq, std::string_view why);
/// Too slow: come back with your Last-Event-ID.
std::string resync_text();

}  // namespace millrace
