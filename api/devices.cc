#include "api/handlers.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

struct SeenDevice {
  GpuFact gpu;
  std::string attempt;  // its name; empty: free
};

std::vector<SeenDevice> see(const Scheduler& scheduler, Now) {
  std::vector<SeenDevice> out;
  for (const auto& [gpu, attempt] : scheduler.devices()) {
    const auto context = attempt ? scheduler.attempt_context(attempt) : std::nullopt;
    out.push_back({gpu, context && context->attempt != nullptr ? context->attempt->name : ""});
  }
  return out;
}

}  // namespace

Started list_devices(const CallPtr& call, StoreReader&) {
  ask<std::vector<SeenDevice>>(call, see, [](StoreReader&, const std::vector<SeenDevice>& devices) -> Answer {
    return list_response(
        "devices", devices, static_cast<std::int64_t>(devices.size()),
        [](JsonWriter& out, const SeenDevice& device) {
          out.begin_object().text_field("uuid", device.gpu.uuid).text_field("model", device.gpu.model);
          out.int_field("memory_bytes", device.gpu.memory_bytes);
          out.bool_field("healthy", device.gpu.healthy).word_field("attempt", device.attempt);
          out.end_object();
        });
  });
  return {};
}

}  // namespace millrace::handlers
