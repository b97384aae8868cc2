#pragma once

#include <optional>
#include <string>

namespace millrace {

struct CgroupMount {
  std::string path;
};

/// Where a hierarchy is mounted: ("cgroup2", "") or ("cgroup", "memory").
std::optional<CgroupMount> find_cgroup_mount(const std::string& type, const std::string& controller);

/// This process's cgroup in the hierarchy of that v1 controller, or in v2 for "": "/system.slice/x.service".
std::string own_cgroup(const std::string& controller);

}  // namespace millrace
