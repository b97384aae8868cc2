#include "executor/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>

namespace millrace {
namespace {

std::string process_file(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + "/" + file; }

bool contains_entry(std::string_view environment, const std::string& entry) {
  for (std::size_t at = environment.find(entry); at != std::string_view::npos;
       at = environment.find(entry, at + 1)) {
    const std::size_t end = at + entry.size();
    const bool starts = at == 0 || environment[at - 1] == '\0';
    const bool ends = end == environment.size() || environment[end] == '\0';
    if (starts && ends) return true;
  }
  return false;
}

}  // namespace

std::string read_small_file(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char buffer[4096];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  close(fd);
  return text;
}

std::string current_boot_id() {
  std::string id = read_small_file("/proc/sys/kernel/random/boot_id");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

int open_pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

int signal_pidfd(int pidfd, int signal) {
  return static_cast<int>(syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

std::optional<ProcessFacts> read_process(pid_t pid) {
  const std::string text = read_small_file(process_file(pid, "stat"));
  // The command name may hold blanks and brackets: fields are counted from the last ')'.
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string::npos || bracket + 2 >= text.size()) return std::nullopt;
  ProcessFacts facts;
  facts.pid = pid;
  facts.state = text[bracket + 2];
  const char* at = text.c_str() + bracket + 3;
  for (int field = 4; field <= 22; ++field) {
    char* end = nullptr;
    const unsigned long long value = std::strtoull(at, &end, 10);
    if (end == at) return std::nullopt;
    if (field == 4) facts.parent = static_cast<pid_t>(value);
    if (field == 6) facts.session = static_cast<pid_t>(value);
    if (field == 22) facts.start_ticks = value;
    at = end;
  }
  return facts;
}

std::vector<ProcessFacts> all_processes() {
  std::vector<ProcessFacts> all;
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return all;
  while (const dirent* entry = readdir(folder)) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) continue;
    if (const auto facts = read_process(static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10))))
      all.push_back(*facts);
  }
  closedir(folder);
  return all;
}

bool carries_mark(pid_t pid, std::string_view name) {
  const std::string environment = read_small_file(process_file(pid, "environ"));
  return contains_entry(environment, "MILLRACE_ATTEMPT=" + std::string(name));
}

std::vector<pid_t> living_tree(const TreeOf& tree, pid_t marked_children_of) {
  const std::vector<ProcessFacts> all = all_processes();
  std::multimap<pid_t, const ProcessFacts*> by_parent;
  std::map<pid_t, bool> taken;
  std::vector<pid_t> open;
  const pid_t self = getpid();
  for (const ProcessFacts& p : all) {
    by_parent.emplace(p.parent, &p);
    if (p.pid == self) continue;
    const bool in_session = tree.leader != 0 && (p.session == tree.leader || p.pid == tree.leader);
    const bool may_be_marked = marked_children_of == 0 || p.parent == marked_children_of;
    if (in_session || (may_be_marked && !p.ended() && carries_mark(p.pid, tree.name))) {
      if (taken.emplace(p.pid, p.ended()).second) open.push_back(p.pid);
    }
  }
  while (!open.empty()) {
    const pid_t parent = open.back();
    open.pop_back();
    const auto [first, last] = by_parent.equal_range(parent);
    for (auto child = first; child != last; ++child) {
      const ProcessFacts& p = *child->second;
      if (p.pid != self && taken.emplace(p.pid, p.ended()).second) open.push_back(p.pid);
    }
  }
  std::vector<pid_t> living;
  for (const auto& [pid, ended] : taken) {
    if (!ended) living.push_back(pid);
  }
  return living;
}

void signal_all(const std::function<std::vector<pid_t>()>& list, int signal) {
  std::vector<std::pair<pid_t, int>> pinned;
  for (const pid_t pid : list()) {
    if (const int fd = open_pidfd(pid); fd >= 0) pinned.emplace_back(pid, fd);
  }
  if (pinned.empty()) return;
  const std::vector<pid_t> again = list();
  for (const auto& [pid, fd] : pinned) {
    if (std::find(again.begin(), again.end(), pid) != again.end()) signal_pidfd(fd, signal);
    close(fd);
  }
}

}  // namespace millrace
