#include "base/crash_point.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace millrace {
namespace {

struct Armed {
  std::string name;
  std::atomic<long> passages_left{0};
  Armed() {
    const char* wanted = std::getenv("MILLRACE_CRASH_POINT");
    if (wanted == nullptr) return;
    std::string_view text = wanted;
    const auto colon = text.rfind(':');
    passages_left = colon == std::string_view::npos ? 1 : std::strtol(wanted + colon + 1, nullptr, 10);
    name = text.substr(0, colon);
  }
};

}  // namespace

void crash_point(const char* name) {
  static Armed armed;
  if (armed.name.empty() || armed.name != name) return;
  if (--armed.passages_left == 0) kill(getpid(), SIGKILL);
}

}  // namespace millrace
