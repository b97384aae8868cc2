#pragma once

#include <cstdint>

#include "base/secret_mask.h"
#include "daemon/paths.h"
#include "scheduler/events.h"
#include "scheduler/scheduler.h"

namespace millrace {

/// The end of an attempt as a fact for the scheduler: with what the task wrote to $MILLRACE_OUTPUT and what
/// the data worker has published, all of it without the secrets that `mask` knows (null: none). `context` may
/// be nothing: then there is no more to say. Loop thread.
AttemptFinished attempt_end(AttemptId, ExitFacts, const std::optional<AttemptContext>&, const Paths&,
                            const SecretMask* mask, std::uint64_t seed);

}  // namespace millrace
