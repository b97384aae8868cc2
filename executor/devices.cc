#include "executor/devices.h"

#include <dlfcn.h>

#include <utility>

namespace millrace {
namespace {

// The part of NVML's published C interface that is needed; its header comes with the CUDA toolkit, which no
// build machine must have.
using NvmlReturn = int;
using NvmlDevice = void*;
struct NvmlMemory {
  unsigned long long total, free, used;
};
constexpr NvmlReturn nvml_success = 0;
constexpr NvmlReturn nvml_driver_not_loaded = 9;
constexpr unsigned text_bytes = 96;

struct Nvml {
  void* library = nullptr;
  NvmlReturn (*init)() = nullptr;
  NvmlReturn (*shutdown)() = nullptr;
  const char* (*error_string)(NvmlReturn) = nullptr;
  NvmlReturn (*count)(unsigned*) = nullptr;
  NvmlReturn (*by_index)(unsigned, NvmlDevice*) = nullptr;
  NvmlReturn (*uuid)(NvmlDevice, char*, unsigned) = nullptr;
  NvmlReturn (*name)(NvmlDevice, char*, unsigned) = nullptr;
  NvmlReturn (*memory)(NvmlDevice, NvmlMemory*) = nullptr;

  template <class Function>
  bool find(Function& function, const char* symbol) {
    function = reinterpret_cast<Function>(dlsym(library, symbol));
    return function != nullptr;
  }
  bool find_all() {
    return find(init, "nvmlInit_v2") && find(shutdown, "nvmlShutdown") &&
           find(error_string, "nvmlErrorString") && find(count, "nvmlDeviceGetCount_v2") &&
           find(by_index, "nvmlDeviceGetHandleByIndex_v2") && find(uuid, "nvmlDeviceGetUUID") &&
           find(name, "nvmlDeviceGetName") && find(memory, "nvmlDeviceGetMemoryInfo");
  }
  std::string words(NvmlReturn code) const { return error_string(code); }
};

Device describe(const Nvml& nvml, unsigned index) {
  Device device;
  device.index = static_cast<int>(index);
  NvmlDevice handle = nullptr;
  char text[text_bytes] = "";
  NvmlMemory memory{};
  NvmlReturn code = nvml.by_index(index, &handle);
  if (code == nvml_success && (code = nvml.uuid(handle, text, text_bytes)) == nvml_success)
    device.uuid = text;
  if (code == nvml_success && (code = nvml.name(handle, text, text_bytes)) == nvml_success)
    device.model = text;
  if (code == nvml_success && (code = nvml.memory(handle, &memory)) == nvml_success) {
    device.memory_bytes = static_cast<std::int64_t>(memory.total);
  }
  if (code != nvml_success) {
    // One lost card must not hide the others (Xid 79: "GPU has fallen off the bus").
    device.healthy = false;
    device.health_detail = "NVML: " + nvml.words(code);
  }
  return device;
}

Result<std::vector<Device>> describe_all(const Nvml& nvml) {
  unsigned count = 0;
  if (const NvmlReturn code = nvml.count(&count); code != nvml_success) {
    return fail(ErrorKind::internal, "NVML can't count the devices: " + nvml.words(code));
  }
  std::vector<Device> devices;
  for (unsigned i = 0; i < count; ++i) devices.push_back(describe(nvml, i));
  return devices;
}

}  // namespace

Result<std::vector<Device>> discover_devices(const std::string& library) {
  Nvml nvml;
  nvml.library = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (nvml.library == nullptr) return std::vector<Device>{};
  Result<std::vector<Device>> devices;
  if (!nvml.find_all()) {
    devices = fail(ErrorKind::internal, library + " isn't NVML as we know it: a function is missing");
  } else if (const NvmlReturn code = nvml.init(); code == nvml_driver_not_loaded) {
    devices = std::vector<Device>{};
  } else if (code != nvml_success) {
    devices = fail(ErrorKind::internal, "NVML can't be initialized: " + nvml.words(code));
  } else {
    devices = describe_all(nvml);
    nvml.shutdown();
  }
  dlclose(nvml.library);
  return devices;
}

}  // namespace millrace
