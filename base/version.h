#pragma once

namespace millrace {

/// Of this build; the API, the CLI and the runner's protocol say it.
inline constexpr const char* version = "0.1.0";

}  // namespace millrace
