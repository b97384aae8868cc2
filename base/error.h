#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace millrace {

/// What kind of refusal it is; the API maps each to one HTTP status, the CLI to one exit code.
enum class ErrorKind : std::uint8_t {
  invalid,      ///< the request can't mean anything: 422
  not_found,    ///< 404
  conflict,     ///< it collides with what exists: 409
  forbidden,    ///< 403
  unavailable,  ///< not now: read-only, stopping: 503
  overloaded,   ///< more is asked than is taken: 429; later it works
  full,         ///< no room on a disk: 507
  internal,     ///< ours: 500
};

/// Something that may fail did. `message` is written for a person: what happened, where, what to do.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}

}  // namespace millrace
