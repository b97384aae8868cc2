#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "scheduler/events.h"

namespace millrace {

/// What a task asks of the machine's GPUs.
struct GpuNeed {
  int count = 0;
  std::int64_t memory_bytes = 0;    ///< of each device
  std::vector<std::string> models;  ///< substrings of the device's name; empty: any
  friend auto operator<=>(const GpuNeed&, const GpuNeed&) = default;
};

/// Which instance holds which device. A device is held by one instance at a time; an unhealthy one is handed
/// to nobody.
class GpuDevices {
 public:
  /// Replaces the list; holders stay, also of devices that are gone for now.
  void set(std::vector<GpuFact>);

  /// Free healthy devices for the need: smallest sufficient memory first, then the lowest place in the list.
  /// Leaves enough free for `spare_for` or, where there isn't enough, takes nothing that it could use.
  std::optional<std::vector<std::string>> choose(const GpuNeed&, const GpuNeed* spare_for = nullptr) const;
  /// How many devices could serve the need: free ones, or all healthy ones.
  int free_for(const GpuNeed&) const;
  int healthy_for(const GpuNeed&) const;

  void take(const std::vector<std::string>& uuids, TaskInstanceId);
  void release(const std::vector<std::string>& uuids, TaskInstanceId);

  std::vector<std::pair<GpuFact, TaskInstanceId>> list() const;

 private:
  bool is_free(const GpuFact&) const;

  std::vector<GpuFact> facts_;
  std::map<std::string, TaskInstanceId> holders_;  // by uuid
};

}  // namespace millrace
