#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "daemon/catalog.h"
#include "daemon/config.h"
#include "daemon/paths.h"
#include "daemon/secrets.h"
#include "daemon/staging.h"
#include "dags/parser.h"
#include "dags/template.h"
#include "executor/executor.h"
#include "scheduler/scheduler.h"
#include "store/store.h"

namespace millrace {

/// An attempt as it will run.
struct Rendered {
  AttemptSpec spec;
  std::string command;  ///< the task's own, for people
  std::vector<std::pair<std::string, WallTime>> reads;  ///< (dataset, partition) of its inputs
};

/// Turns an admitted attempt into a command with its environment. Loop thread.
class Dispatcher {
 public:
  Dispatcher(const Config& config, Paths paths, Catalog& catalog, Store& store, Secrets& secrets)
      : config_(config), paths_(std::move(paths)), catalog_(catalog), store_(store), secrets_(secrets) {}

  /// Or why it can't run: a template's value or a secret is missing, with the place in the DAG file.
  Result<Rendered> render(const AttemptContext&, const Scheduler&) const;
  /// One template in the light of a task instance: for sensors and child runs.
  Result<std::string> render(const Template&, const AttemptContext&, const Scheduler&) const;

  /// A path of a DAG file: absolute, or below the folder of the file.
  std::string resolve_path(const std::string& path, const AttemptContext&) const;

  Capacity capacity(const Scheduler&) const;
  void set_machine(MachineFound machine) { machine_ = std::move(machine); }

  /// The file or folder of a dataset's partition, absolute; an error when no DAG makes the dataset.
  Result<std::string> dataset_path(const std::string& dataset, WallTime partition) const;
  /// Where the attempt writes its outputs and where they go; none for a task without outputs.
  Result<PublishPlan> outputs_of(const AttemptContext&) const;

 private:
  using Environment = std::vector<std::pair<std::string, std::string>>;
  TemplateLookup lookup(const AttemptContext&, const Scheduler&, std::size_t env_known) const;
  Result<Environment> environment(const AttemptContext&, const Scheduler&, const PublishPlan&) const;
  Result<std::vector<std::string>> check_command(const std::string& dataset, WallTime partition) const;
  Result<std::vector<WallTime>> input_partitions(const DatasetInput&, const AttemptContext&,
                                                 const Scheduler&) const;
  Result<std::vector<std::string>> input_paths(const DatasetInput&, const AttemptContext&,
                                               const Scheduler&) const;
  Result<std::vector<std::pair<std::string, WallTime>>> reads_of(const AttemptContext&,
                                                                 const Scheduler&) const;

  const Config& config_;
  Paths paths_;
  Catalog& catalog_;
  Store& store_;
  Secrets& secrets_;
  MachineFound machine_;
};

/// For people: the words joined by spaces, quoted where a shell would need it, cut at 4 KiB.
std::string command_line(const std::vector<std::string>& argv);

}  // namespace millrace
