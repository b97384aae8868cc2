#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace millrace {

/// One GPU. `uuid` is what CUDA_VISIBLE_DEVICES gets.
struct Device {
  std::string uuid;  ///< "GPU-5d5b…"; declared ones: "fake-0"
  int index = 0;
  std::string model;  ///< "NVIDIA H100 80GB HBM3"
  std::int64_t memory_bytes = 0;
  bool healthy = true;
  std::string health_detail;
  friend bool operator==(const Device&, const Device&) = default;
};

/// GPUs by NVML, loaded with dlopen: no driver, no devices, no error. A driver that answers with an error is
/// `internal` with NVML's words. A card that doesn't answer is listed as unhealthy.
Result<std::vector<Device>> discover_devices(const std::string& library = "libnvidia-ml.so.1");

}  // namespace millrace
