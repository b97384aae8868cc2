#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace millrace::test {

/// A store_probe process with our hands on its input and output.
class Probe {
 public:
  /// `crash_point` becomes MILLRACE_CRASH_POINT; empty: none.
  Probe(const std::vector<std::string>& arguments, const std::string& crash_point = {});
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe();

  std::string read_line();  ///< without the line break; empty at the end
  std::vector<std::string> rest();
  int wait();  ///< as of wait(2)
  void kill_now();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
  bool waited_ = false;
};

}  // namespace millrace::test
