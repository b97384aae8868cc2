#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address_ranges.h"
#include "base/diagnostics.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "executor/devices.h"

namespace millrace {

/// `millrace.yaml`. Every scalar key is also an environment variable (`MILLRACE_LISTEN`) and a flag
/// (`--listen`); flag beats variable beats file beats the default here. docs/configuration.md lists them.
struct Config {
  std::filesystem::path data = ".millrace";
  std::filesystem::path dags = "dags";
  std::string address = "127.0.0.1";
  int port = 8080;
  bool behind_proxy = false;               ///< a proxy adds TLS: other addresses than loopback are allowed
  std::vector<std::string> allowed_hosts;  ///< `Host` values beside the loopback ones
  AddressRanges trusted_proxies;           ///< whose X-Forwarded-For is believed
  std::size_t connections_per_address = limits::http_connections_per_address;
  std::size_t connections_from_loopback = limits::http_connections_from_loopback;
  AddressRanges webhook_allow;  ///< private addresses that webhooks may be posted to
  log::Level log_level = log::Level::info;
  std::optional<std::int64_t> cpu_milli;  ///< what tasks may reserve together; default: the machine's cores
  std::optional<std::int64_t> memory_bytes;  ///< default: the machine's memory
  bool cgroups = true;
  bool discover_gpus = true;          ///< by NVML
  std::vector<Device> declared_gpus;  ///< instead of discovery
  struct Pool {
    int slots = 1;
    std::string description;
  };
  std::map<std::string, Pool> pools;  ///< set at each start; others are kept as they are
  /// Of `millrace run --local`, by no key: nothing in `dags` is loaded (tasks only run there), a new DAG
  /// starts paused, so that nothing but what is asked for runs.
  bool one_run = false;
  std::vector<std::string> task_environment{
      "PATH", "HOME",   "USER", "LOGNAME", "SHELL",
      "LANG", "LC_ALL", "TZ",   "TMPDIR",  "LD_LIBRARY_PATH"};  ///< passed on from the daemon's
};

/// Reads the file's text over `config`. All that is wrong at once, with places: nothing that a daemon would
/// refuse later by the value alone.
Diagnostics read_config(std::string_view source, Config& config);
/// One scalar key by its name in the file, from a variable or a flag.
Result<void> set_config(Config&, std::string_view key, std::string_view value);
/// Reads MILLRACE_<KEY> for each scalar key.
Result<void> read_config_environment(Config&);

}  // namespace millrace
