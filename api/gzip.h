#pragma once

#include <string>
#include <string_view>

#include "api/http.h"

namespace millrace {

/// Whether the request's Accept-Encoding takes gzip (`gzip;q=0` doesn't).
bool accepts_gzip(const HttpRequest&);
/// The bytes as a gzip member (RFC 1952).
std::string gzip(std::string_view);
/// Compresses the body when the client takes it and it is worth it; says so in the headers either way.
void compress(HttpResponse&, const HttpRequest&);

}  // namespace millrace
