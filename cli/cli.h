#pragma once

#include <functional>
#include <string>
#include <vector>

/// cli/ is `millrace <command>`: it reads arguments, talks HTTP to a daemon and prints. It knows the API's
/// paths and shapes, and of the rooms below only the language (for `validate` and `schema`, which need no
/// daemon).
///
/// Exit codes: 0 done; 1 refused, or what was waited for failed; 2 bad arguments; 3 no daemon answers; 4 no
/// such thing.
namespace millrace {

struct ServeOptions {
  std::string data_dir = ".millrace";
  std::string dags_dir = "dags";
  std::string listen = "127.0.0.1:8080";  ///< HOST:PORT, `[::1]:8080` for IPv6
  std::string config_file;                ///< empty: DATA/../millrace.yaml if the daemon finds one
  std::string log_level;                  ///< empty: not given; debug, info, warn or error
  bool behind_proxy = false;  ///< TLS ends before us: other addresses than loopback may be listened on
  std::vector<std::string> allowed_hosts;  ///< Host values beside the loopback ones
  /// Which of the above were written on the command line, by option name without dashes: they beat the file.
  std::vector<std::string> given;
};

/// The whole program. `serve` runs the daemon and returns its exit code.
int run_cli(int argc, char** argv, const std::function<int(ServeOptions)>& serve);

}  // namespace millrace
