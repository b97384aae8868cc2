#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/cli.h"
#include "cli/commands.h"

/// How commands are added to the parser; split by group so that each stays readable. For dispatch*.cc alone.
namespace CLI {
class App;
}

namespace millrace::cli {

/// What the parser fills in. The chosen command puts its work into `action`; the program runs it afterwards.
struct Dispatch {
  Context context;
  ServeOptions serve_options;
  std::function<int(ServeOptions)> serve;
  std::function<int(Context&)> action;
};

void add_daemon_commands(CLI::App&, Dispatch&);
void add_dag_commands(CLI::App&, Dispatch&);
void add_run_commands(CLI::App&, Dispatch&);
void add_task_commands(CLI::App&, Dispatch&);
void add_backfill_commands(CLI::App&, Dispatch&);
void add_dataset_commands(CLI::App&, Dispatch&);
void add_pool_commands(CLI::App&, Dispatch&);
void add_access_commands(CLI::App&, Dispatch&);

}  // namespace millrace::cli
