#include "executor/runner/adopted.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "executor/process_tree.h"

namespace millrace {

std::vector<pid_t> adopted_children(pid_t self) {
  static const int file = [self] {
    const std::string pid = std::to_string(self);
    return open(("/proc/" + pid + "/task/" + pid + "/children").c_str(), O_RDONLY | O_CLOEXEC);
  }();
  std::vector<pid_t> pids;
  char buffer[4096];
  std::string text;
  off_t offset = 0;
  for (;;) {
    const ssize_t n = file < 0 ? 0 : pread(file, buffer, sizeof buffer, offset);
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
    offset += n;
  }
  const char* at = text.c_str();
  for (;;) {
    char* end = nullptr;
    const long pid = std::strtol(at, &end, 10);
    if (end == at) break;
    pids.push_back(static_cast<pid_t>(pid));
    at = end;
  }
  return pids;
}

}  // namespace millrace
