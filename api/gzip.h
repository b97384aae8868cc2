#pragma once

#include <string>
#include <string_view>

#include "api/http.h"

namespace millrace {

/// The bytes as a gzip member (RFC 1952).
std::string gzip(std::string_view);
/// Compresses the body when the client takes it and it is worth it; says so in the headers either way.
void compress(HttpResponse&, const HttpRequest&);

}  // namespace millrace
