#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace millrace {

/// Where everything lives below the data folder. Attempt names are safe relative paths by construction.
struct Paths {
  std::filesystem::path root;  ///< absolute

  std::filesystem::path database() const { return root / "millrace.db"; }
  std::filesystem::path secrets_key() const { return root / "secrets.key"; }
  std::filesystem::path runner() const { return root / "runner"; }
  std::filesystem::path datasets() const { return datasets_text(); }
  std::string datasets_text() const { return root.native() + "/datasets"; }
  // Texts: each attempt has both, and taking paths apart is dear.
  std::string log(std::string_view attempt) const {
    return root.native() + "/logs/" + flat(attempt) + ".log";
  }
  std::string output(std::string_view attempt) const { return root.native() + "/outputs/" + flat(attempt); }
  /// What the data worker says of the attempt's datasets. No attempt's own file: those end in a number.
  std::filesystem::path publish_report(std::string_view attempt) const {
    return root / "outputs" / (flat(attempt) + ".published");
  }
  /// Where attempts write outputs whose place is on the file system of the data root.
  std::filesystem::path staging() const { return datasets() / ".staging"; }

 private:
  /// `dag/run/task/-1/2` -> `dag/run/task.-1.2`: one folder a run. Two more for each attempt would cost more
  /// than its start. Still one file a name: the last two parts are numbers.
  static std::string flat(std::string_view attempt) {
    std::string path{attempt};
    for (int part = 0; part < 2; ++part)
      if (const auto slash = path.rfind('/'); slash != std::string::npos) path[slash] = '.';
    return path;
  }
};

/// Where this program is: the runner and the data worker are beside it.
inline std::filesystem::path program_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace millrace
