#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "cli/cli.h"
#include "daemon/daemon.h"
#include "daemon/data_folder.h"
#include "daemon/one_run.h"

namespace {

using millrace::Config;
using millrace::Result;

/// Defaults, then the file, then the environment, then flags.
Result<Config> configuration(const millrace::ServeOptions& options) {
  Config config;
  const std::string file = options.config_file.empty() ? "millrace.yaml" : options.config_file;
  if (std::ifstream in(file, std::ios::binary); in) {
    std::ostringstream text;
    text << in.rdbuf();
    const auto problems = millrace::read_config(text.str(), config);
    if (!problems.empty())
      return millrace::fail(millrace::ErrorKind::invalid, millrace::render(problems, file, text.str()));
  } else if (!options.config_file.empty()) {
    return millrace::fail(millrace::ErrorKind::not_found, "the configuration '" + file + "' can't be read");
  }
  if (const auto set = millrace::read_config_environment(config); !set) return std::unexpected(set.error());
  const std::pair<const char*, std::pair<const char*, std::string>> flags[] = {
      {"data", {"data", options.data_dir}},
      {"dags", {"dags", options.dags_dir}},
      {"listen", {"listen", options.listen}},
      {"log-level", {"log_level", options.log_level}},
      {"behind-proxy", {"behind_proxy", options.behind_proxy ? "true" : "false"}}};
  for (const auto& [flag, setting] : flags) {
    if (0 == std::ranges::count(options.given, flag)) continue;
    if (const auto set = millrace::set_config(config, setting.first, setting.second); !set)
      return std::unexpected(set.error());
  }
  if (!options.allowed_hosts.empty()) config.allowed_hosts = options.allowed_hosts;
  return config;
}

int serve(millrace::ServeOptions options) {
  Result<Config> config = configuration(options);
  if (!config) {
    std::cerr << "millrace serve: " << config.error().message << "\n";
    return 2;
  }
  auto daemon = millrace::Daemon::start(std::move(*config));
  if (!daemon) {
    std::cerr << "millrace serve: " << daemon.error().message << "\n";
    return 1;
  }
  return (*daemon)->run();
}

Result<std::unique_ptr<millrace::cli::LocalDaemon>> local(const millrace::ServeOptions& options) {
  Result<Config> config = configuration(options);
  if (!config) return std::unexpected(config.error());
  return millrace::start_one_run(std::move(*config));
}

/// A standard descriptor that is closed would go to the next file that is opened, and one day that is the
/// database: what is then written to "stderr" is written into it.
void hold_standard_descriptors() {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = open("/dev/null", O_RDWR);
  if (fd >= 0) close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  return millrace::run_cli(argc, argv, {.serve = serve,
                                         .local = local,
                                         .backup = millrace::backup_folder,
                                         .restore = millrace::restore_folder,
                                         .verify = millrace::verify_folder});
}
