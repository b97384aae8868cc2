#pragma once

#include "base/time.h"

namespace millrace {

/// Where the time comes from. The core never sees one: it gets `Now` values. Tests advance their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

/// The machine's clocks: CLOCK_REALTIME and CLOCK_BOOTTIME. Safe from any thread. The only reader of a clock.
class SystemClock final : public Clock {
 public:
  Now now() const override;
};

}  // namespace millrace
