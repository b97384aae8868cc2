#pragma once

#include "cli/cli.h"

/// Backup, restore and verify of a data folder, for the program: by itself, not through a daemon. Whoever may
/// read the folder may do all of it.
namespace millrace {

Result<cli::BackupDone> backup_folder(const std::string& data_dir, const std::string& file);
/// Looks at the whole copy first. Refused: a running daemon's folder, and without `force` one that isn't
/// empty.
Result<cli::BackupDone> restore_folder(const std::string& file, const std::string& data_dir, bool force);
Result<std::vector<cli::Finding>> verify_folder(const std::string& data_dir, bool hash,
                                                const cli::Progress& progress);

}  // namespace millrace
