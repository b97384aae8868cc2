#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

/// The DAG files of a folder: `*.yaml` and `*.yml`, subfolders too, but nothing whose name begins with a dot.
/// A link counts as what it leads to as long as that is in the folder, hidden places included (this is how
/// Kubernetes and git-sync swap all files at once); a link out of it is told, and not followed.
namespace millrace {

struct FoundFile {
  std::string name;            ///< below the folder, as a person sees it
  std::filesystem::path file;  ///< what to read, below FoundFiles::root; no link on the way
  std::string problem;         ///< why it isn't read; empty: it may be
};

struct FoundFiles {
  std::filesystem::path root;    ///< the folder itself, links resolved
  std::vector<FoundFile> files;  ///< each file once, under its own name if it has one
  bool cut = false;              ///< there are more than `most`
  std::string failed;            ///< a folder couldn't be listed, and why; empty: all were
};

/// `entering` is called with each folder before it is looked at: changes show there.
FoundFiles find_dag_files(const std::filesystem::path& folder, std::size_t most,
                          const std::function<void(const std::filesystem::path&)>& entering);

/// At most one byte more than `most`. Refused: it isn't a regular file any more, or a link came in between.
Result<std::string> read_dag_file(const std::filesystem::path& root, const std::filesystem::path& file,
                                  std::size_t most);

}  // namespace millrace
