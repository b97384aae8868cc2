#pragma once

#include <fmt/core.h>

#include <string_view>

/// The daemon's own log: one line an event on stderr, `key=value`. Never called in dags/ or scheduler/.
/// error: stop or lost data; warn: an operator should look; info: start, stop, reload; debug: every event.
namespace millrace::log {

enum class Level { debug, info, warn, error };

void set_level(Level);
bool enabled(Level);
/// Writes one line; line breaks and other control characters in `text` are escaped. Any thread.
void write(Level, std::string_view text);

template <class... Args>
void debug(fmt::format_string<Args...> f, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(f, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> f, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(f, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> f, Args&&... args) {
  write(Level::warn, fmt::format(f, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> f, Args&&... args) {
  write(Level::error, fmt::format(f, std::forward<Args>(args)...));
}

}  // namespace millrace::log
