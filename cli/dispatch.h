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
  Programs programs;
  std::function<int(Context&)> action;
};

struct Named {
  std::string name;
};

CLI::App* add_command(CLI::App& parent, Dispatch&, const std::string& name, const std::string& what,
                      std::function<int(Context&)> work);
/// A command that keeps its own options: `made` is shared by the options' bindings and by the action.
template <class Options>
CLI::App* command(CLI::App& parent, Dispatch& d, const std::string& name, const std::string& what,
                  const std::shared_ptr<Options>& made, std::function<int(Context&, const Options&)> work) {
  return add_command(parent, d, name, what,
                     [made, work = std::move(work)](Context& context) { return work(context, *made); });
}
/// A command of commands.
CLI::App* group(CLI::App&, const std::string& name, const std::string& what);
void add_page_options(CLI::App&, ListOptions&);
template <class Options>
void add_page(CLI::App& app, const std::shared_ptr<Options>& made) {
  add_page_options(app, *made);
}
void add_run_arguments(CLI::App&, std::string& dag_id, std::string& run_id);
void add_task_arguments(CLI::App&, OneTask&);

void add_daemon_commands(CLI::App&, Dispatch&);
void add_dag_commands(CLI::App&, Dispatch&);
void add_run_commands(CLI::App&, Dispatch&);
void add_task_commands(CLI::App&, Dispatch&);
void add_backfill_commands(CLI::App&, Dispatch&);
void add_dataset_commands(CLI::App&, Dispatch&);
void add_pool_commands(CLI::App&, Dispatch&);
void add_access_commands(CLI::App&, Dispatch&);
void add_folder_commands(CLI::App&, Dispatch&);
/// What happened and what waits: events, queue, metrics, versions, variables. After the groups it adds to.
void add_record_commands(CLI::App&, Dispatch&);

}  // namespace millrace::cli
