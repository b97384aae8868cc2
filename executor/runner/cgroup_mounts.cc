#include "executor/runner/cgroup_mounts.h"

#include <string_view>
#include <vector>

#include "executor/process_tree.h"

namespace millrace {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

bool lists(std::string_view commas, std::string_view word) {
  for (const std::string_view part : split(commas, ',')) {
    if (part == word) return true;
  }
  return false;
}

}  // namespace

std::optional<CgroupMount> find_cgroup_mount(const std::string& type, const std::string& controller) {
  // "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0"
  const std::string mounts = read_small_file("/proc/self/mounts");
  for (const std::string_view line : split(mounts, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() < 4 || fields[2] != type) continue;
    if (controller.empty() || lists(fields[3], controller)) return CgroupMount{std::string(fields[1])};
  }
  return std::nullopt;
}

std::string own_cgroup(const std::string& controller) {
  // "4:memory:/a/b" and for v2 "0::/a/b"
  const std::string groups = read_small_file("/proc/self/cgroup");
  for (const std::string_view line : split(groups, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view names = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? names.empty() : lists(names, controller))
      return std::string(line.substr(second + 1));
  }
  return {};
}

}  // namespace millrace
