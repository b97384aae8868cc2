#include "tests/sim/substitutes.h"

#include <fmt/format.h>

#include "base/crash_point.h"
#include "base/invariant.h"
#include "base/log.h"

namespace millrace {

namespace sim {
Hooks& hooks() {
  static Hooks the;
  return the;
}
}  // namespace sim

namespace crash_points {
const bool armed = true;
void pass(const char* name) {
  if (sim::hooks().crash_point) sim::hooks().crash_point(name);
}
}  // namespace crash_points

void invariant_broken(const char* expression, const char* file, int line) {
  throw sim::BrokenInvariant{fmt::format("INVARIANT({}) at {}:{}", expression, file, line)};
}

bool canary(const char* name);
bool canary(const char* name) { return sim::hooks().canary == name; }

namespace log {
void set_level(Level) {}
bool enabled(Level level) { return level >= Level::warn; }
void write(Level, std::string_view text) {
  if (sim::hooks().logged) sim::hooks().logged(text);
}
}  // namespace log

}  // namespace millrace
