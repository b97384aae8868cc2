#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "scheduler/explain.h"

namespace millrace {

/// How long such a claim has lasted in the past; nothing when it never has.
using PastDuration = std::function<std::optional<Duration>(const Claim&)>;

/// When each of `waiting` would start, in step with it, if holders and starters last as long as they did in
/// the past: first come first served in start order, one that fits passes one that doesn't. A holder that
/// lasts longer than ever may end at any moment. Nothing for those whose turn depends on a duration that
/// isn't known, and for those that can't ever start. Plays at most `forecast_steps` ends.
std::vector<std::optional<WallTime>> expected_starts(const Contest&, WallTime now, const PastDuration&);

/// When the last of the ancestors would end if each started as soon as those before it have ended; nothing
/// when a duration isn't known.
std::optional<WallTime> expected_end(const std::vector<Ancestor>&, WallTime now,
                                     const std::function<std::optional<Duration>(const std::string&)>&);

}  // namespace millrace
