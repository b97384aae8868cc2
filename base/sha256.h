#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// FIPS 180-4 SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
/// RFC 2104 HMAC with SHA-256, likewise.
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

}  // namespace millrace
