#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

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

namespace cli {

/// A daemon inside of this process, for `run --local`. Gone, with its runner, when destroyed.
class LocalDaemon {
 public:
  virtual ~LocalDaemon() = default;
  virtual std::string url() const = 0;
  virtual int signals() const = 0;  ///< how many SIGINT and SIGTERM came since it started
  virtual bool ended() const = 0;   ///< it gave up, having said why in its log
};

struct BackupDone {
  std::string file;
  std::int64_t bytes = 0, runs = 0;
  int schema = 0;
  std::string replaced;  ///< where the database went that was there before
};
/// One thing that `verify` looked at.
struct Finding {
  std::string check;  ///< `pages`, `references`, `schema`, `audit log`, `datasets`
  std::int64_t seen = 0;
  std::vector<std::string> problems;  ///< empty: it is as it should be
};
/// Called now and then with what is being looked at.
using Progress = std::function<void(std::string_view)>;

}  // namespace cli

/// What the program can do beside talking to a daemon; daemon/ has it. All of it takes `data_dir` from the
/// options.
struct Programs {
  std::function<int(ServeOptions)> serve;  ///< runs the daemon and returns its exit code
  /// Tasks run in `dags_dir`, of which no DAG is loaded.
  std::function<Result<std::unique_ptr<cli::LocalDaemon>>(ServeOptions)> local = {};
  /// A copy of the folder's database; a daemon may run.
  std::function<Result<cli::BackupDone>(const std::string& data_dir, const std::string& file)> backup = {};
  /// The way back. `force`: the folder isn't empty.
  std::function<Result<cli::BackupDone>(const std::string& file, const std::string& data_dir, bool force)>
      restore = {};
  /// `hash`: what partitions hold is read and compared, not only looked for.
  std::function<Result<std::vector<cli::Finding>>(const std::string& data_dir, bool hash,
                                                  const cli::Progress&)>
      verify = {};
};

/// The whole program.
int run_cli(int argc, char** argv, const Programs& programs);

}  // namespace millrace
