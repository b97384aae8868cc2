#pragma once

#include <filesystem>
#include <string>

namespace millrace {

/// Remembers on disk which boot of the host attempts are handed to runners in. A runner's journal is never
/// synced: after a power cut it may be gone, and with it the trace of an attempt that had begun. One file,
/// `boot`, in the runners' folder; written once a boot.
class BootMark {
 public:
  /// Reads the mark; makes one where there is none yet.
  explicit BootMark(const std::filesystem::path& folder);

  /// The host went down since: of what was dispatched before, a missing trace says nothing.
  bool is_of_another_boot() const { return marked_ != current_; }
  /// From here on it is this boot's: on disk when it returns. A full disk leaves the old one, which is safe.
  void renew();

 private:
  std::filesystem::path file_;
  std::string current_, marked_;
};

}  // namespace millrace
