#include "probe.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "test_paths.h"

extern char** environ;

namespace millrace::test {

Probe::Probe(const std::vector<std::string>& arguments, const std::string& crash_point) {
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);

  std::string program = MILLRACE_BINARY_DIR "/store_probe";
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::string setting = "MILLRACE_CRASH_POINT=" + crash_point;
  std::vector<char*> environment;
  for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
  if (!crash_point.empty()) environment.push_back(setting.data());
  environment.push_back(nullptr);

  const int failed = posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  in_ = in[1];
  out_ = out[0];
  if (failed != 0) throw std::runtime_error("can't start " + program);
}

Probe::~Probe() {
  close(in_);
  if (!waited_) {
    kill_now();
    wait();
  }
  close(out_);
}

std::string Probe::read_line() {
  std::string line;
  char c = 0;
  while (read(out_, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::vector<std::string> Probe::rest() {
  std::vector<std::string> lines;
  for (std::string line = read_line(); !line.empty(); line = read_line()) lines.push_back(line);
  return lines;
}

int Probe::wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  waited_ = true;
  return status;
}

void Probe::kill_now() { kill(pid_, SIGKILL); }

}  // namespace millrace::test
