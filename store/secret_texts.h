#pragma once

#include <string>
#include <string_view>

#include "base/secret_mask.h"

namespace millrace {

/// Whether values under this name are kept out of records: `password`, `api_key`, `client_secret` …
bool secret_name(std::string_view);
/// JSON text with the values of secret names replaced by "***"; other text comes back as it is.
std::string masked(std::string_view json_text);

/// A JSON text with what the mask knows overwritten in its strings, numbers (then strings) and names. It is
/// JSON still; other text comes back as it is.
std::string hidden_json(std::string_view, const SecretMask&);

}  // namespace millrace
