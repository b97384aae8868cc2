// A library with NVML's names: two cards, of which the second has fallen off the bus.
#include <cstring>

extern "C" {
struct nvmlMemory {
  unsigned long long total, free, used;
};

#ifdef FAKE_NVML_BROKEN
int nvmlInit_v2() { return 999; }
#else
int nvmlInit_v2() { return 0; }
#endif
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int code) { return code == 15 ? "GPU is lost" : "Unknown Error"; }
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 2;
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  static int cards[2];
  *device = &cards[index];
  return index == 0 ? 0 : 15;
}
int nvmlDeviceGetUUID(void*, char* text, unsigned length) {
  std::strncpy(text, "GPU-5d5b", length);
  return 0;
}
int nvmlDeviceGetName(void*, char* text, unsigned length) {
  std::strncpy(text, "Fake H100", length);
  return 0;
}
int nvmlDeviceGetMemoryInfo(void*, nvmlMemory* memory) {
  *memory = {80ull << 30, 0, 0};
  return 0;
}
}
