#pragma once

#include <string>
#include <string_view>

#include "api/http.h"

namespace millrace {

/// Where a browser without a session is sent: `/login?next=%2Fdags%2Fetl`, with the page that it asked for.
std::string login_path(const HttpRequest& head);

/// A path as the value of a query parameter.
std::string percent_encode(std::string_view);

/// Where a browser goes after it has logged in: `wanted` when that is a page of this daemon, else `/`. It
/// came with a request, so anybody may have made it up.
std::string next_path(std::string_view wanted);

}  // namespace millrace
