#include "base/clock.h"

#include <ctime>

namespace millrace {
namespace {

std::int64_t read_us(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1'000;
}

}  // namespace

// BOOTTIME and not MONOTONIC: a retry delay goes on while a laptop sleeps.
Now SystemClock::now() const { return {{read_us(CLOCK_REALTIME)}, {read_us(CLOCK_BOOTTIME)}}; }

}  // namespace millrace
