#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "api/http.h"

namespace millrace {

/// How a body is coded on its way (RFC 9110 8.4).
enum class Coding : std::uint8_t { identity, gzip, br };
/// Its name in Content-Encoding.
std::string_view to_word(Coding);

/// The weight from 0 (not wanted) to 1000 that Accept-Encoding gives a coding. Identity that isn't named has
/// 0: the others go before it.
int weight_of(Coding, const HttpRequest&);

/// What to send of `offered`, the better ones first: the one with the most weight, the first among equals.
/// Identity where the request takes none of them, even if it refuses identity too: a client that can't read
/// an answer says more than one that gets none.
Coding choose_coding(std::span<const Coding> offered, const HttpRequest&);

}  // namespace millrace
