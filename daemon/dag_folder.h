#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "daemon/message.h"
#include "store/store.h"

namespace boost::asio {
class io_context;
}

namespace millrace {

/// The watched folder of DAG files (daemon/dag_files.h says which those are). A new or changed file is parsed
/// and submitted; a broken, half-written or vanished one never replaces a good version: it becomes an import
/// error and the last good version stays in force. Loop thread.
class DagFolder {
 public:
  struct Ports {
    std::function<WallTime()> wall;
    std::function<void(Submission)> submit;
    std::function<void(std::vector<ImportErrorRow>)> report;  ///< the whole set, when it has changed
  };
  DagFolder(boost::asio::io_context&, std::filesystem::path root, Ports);
  ~DagFolder();

  /// What the store already has: an unchanged file is neither parsed nor submitted again.
  void known(const std::string& file_name, const std::string& dag_id, const std::string& source);
  /// Starts watching and scans once. A folder that doesn't exist is an error in words.
  Result<void> start();
  /// Looks at every file's stat; reads those that changed. Also the reconciler's turn.
  void scan();

 private:
  struct File;
  void read(const std::string& name, const std::filesystem::path& root, const std::filesystem::path& file,
            File&);
  void accept(const std::string& name, std::string text, std::shared_ptr<const Dag>);
  void problem(const std::string& name, std::string message);
  void clear_problem(const std::string& name);
  void publish();
  void watch(const std::filesystem::path&);
  void await_change();

  std::filesystem::path root_;
  Ports ports_;
  std::map<std::string, File> files_;               // by name below the root
  std::map<std::string, std::string> owner_;        // dag_id -> file name
  std::map<std::string, ImportErrorRow> problems_;  // by file name
  bool problems_changed_ = true;
  struct Watch;
  std::unique_ptr<Watch> watch_;
};

}  // namespace millrace
