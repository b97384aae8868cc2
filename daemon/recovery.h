#pragma once

#include <vector>

#include "base/clock.h"
#include "daemon/catalog.h"
#include "daemon/config.h"
#include "daemon/loop.h"
#include "executor/devices.h"
#include "executor/local.h"
#include "scheduler/scheduler.h"
#include "store/store.h"

namespace millrace {

/// Tells the scheduler all that the store knows, as events: a start is the normal path with an older starting
/// point. Rows that can't be used (a version that doesn't parse any more) are logged and left alone; the rest
/// starts. Nothing is decided before `resume`.
void load_state(Store&, Catalog&, Loop&, const MachineFound&);

/// Attempts that were committed and have no outcome yet, with what is known of their start.
std::vector<Outstanding> outstanding(const Scheduler&);

/// Lets the scheduler act. `unseen` are attempts that no runner has ever seen: they are started now, or ended
/// if they were to be killed.
void resume(Store&, Scheduler&, Loop&, const std::vector<AttemptId>& unseen, const Clock&);

/// The pools of the configuration, and at the first start `cpu` (the machine's cores) and `gpu` (its
/// devices).
void ensure_pools(const Config&, const MachineFound&, const Scheduler&, Loop&);

/// Cores and memory of this host unless the configuration says otherwise.
MachineFound find_machine(const Config&, const std::vector<Device>&);

}  // namespace millrace
