#pragma once

#include <cstdint>
#include <memory>

#include "api/log_file.h"
#include "api/stream.h"

namespace millrace {

/// A stream of a log's bytes from `from` on, as they are written, until its attempt has ended and all is
/// told: `event: log` with `{offset, size, text}`, whose id is where the next one begins, then `event: end`.
/// Wakes when the log grows or its task moves; a slow reader holds one piece.
std::shared_ptr<StreamSource> follow_log(Services&, FoundLog, std::int64_t from, std::shared_ptr<void> slot);

/// The largest beginning of `bytes` that doesn't end within a UTF-8 character.
std::size_t whole_characters(std::string_view bytes);

}  // namespace millrace
