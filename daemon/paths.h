#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace millrace {

/// Where everything lives below the data folder. Attempt names are safe relative paths by construction.
struct Paths {
  std::filesystem::path root;  ///< absolute

  std::filesystem::path database() const { return root / "millrace.db"; }
  std::filesystem::path runner() const { return root / "runner"; }
  std::filesystem::path datasets() const { return root / "datasets"; }
  std::filesystem::path log(std::string_view attempt) const {
    return root / "logs" / (std::string{attempt} + ".log");
  }
  std::filesystem::path output(std::string_view attempt) const { return root / "outputs" / attempt; }
};

/// Where this program is: the runner and the data worker are beside it.
inline std::filesystem::path program_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace millrace
