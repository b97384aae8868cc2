#include "scheduler/gpu_devices.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace millrace {
namespace {

bool serves(const GpuFact& device, const GpuNeed& need) {
  if (!device.healthy || device.memory_bytes < need.memory_bytes) return false;
  if (need.models.empty()) return true;
  return std::ranges::any_of(need.models, [&](const std::string& model) {
    return std::string_view{device.model}.find(model) != std::string_view::npos;
  });
}

}  // namespace

void GpuDevices::set(std::vector<GpuFact> facts) { facts_ = std::move(facts); }

bool GpuDevices::is_free(const GpuFact& device) const { return !holders_.contains(device.uuid); }

int GpuDevices::free_for(const GpuNeed& need) const {
  return static_cast<int>(
      std::ranges::count_if(facts_, [&](const GpuFact& d) { return serves(d, need) && is_free(d); }));
}

int GpuDevices::healthy_for(const GpuNeed& need) const {
  return static_cast<int>(std::ranges::count_if(facts_, [&](const GpuFact& d) { return serves(d, need); }));
}

std::optional<std::vector<std::string>> GpuDevices::choose(const GpuNeed& need,
                                                           const GpuNeed* spare_for) const {
  std::vector<std::string> out;
  if (need.count <= 0) return out;
  // What the spared one can't use first, then what is left over beyond its need.
  std::vector<const GpuFact*> fitting;
  for (const GpuFact& device : facts_)
    if (serves(device, need) && is_free(device)) fitting.push_back(&device);
  std::ranges::sort(fitting, {},
                    [this](const GpuFact* d) { return std::pair{d->memory_bytes, d - facts_.data()}; });
  int may_share = spare_for ? std::max(0, free_for(*spare_for) - spare_for->count) : 0;
  for (const GpuFact* device : fitting) {
    if (static_cast<int>(out.size()) == need.count) break;
    if (spare_for && serves(*device, *spare_for) && may_share-- <= 0) continue;
    out.push_back(device->uuid);
  }
  if (static_cast<int>(out.size()) < need.count) return {};
  return out;
}

void GpuDevices::take(const std::vector<std::string>& uuids, TaskInstanceId id) {
  for (const std::string& uuid : uuids) holders_[uuid] = id;
}

void GpuDevices::release(const std::vector<std::string>& uuids, TaskInstanceId id) {
  for (const std::string& uuid : uuids)
    if (const auto held = holders_.find(uuid); held != holders_.end() && held->second == id)
      holders_.erase(held);
}

std::vector<std::pair<GpuFact, TaskInstanceId>> GpuDevices::list() const {
  std::vector<std::pair<GpuFact, TaskInstanceId>> out;
  for (const GpuFact& device : facts_) {
    const auto held = holders_.find(device.uuid);
    out.emplace_back(device, held == holders_.end() ? TaskInstanceId{} : held->second);
  }
  return out;
}

}  // namespace millrace
