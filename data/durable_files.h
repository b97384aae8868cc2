#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// Files that are there after a power cut: the few steps of it, each with its syncs.
namespace millrace {

/// Makes the folder and those above it; the new names are on disk.
Result<void> make_folders(const std::filesystem::path&);

/// The bytes and names of a file, or of a folder with these files (relative paths), are on disk. Many files
/// are synced together with their file system: one call instead of thousands.
Result<void> sync_tree(const std::filesystem::path&, const std::vector<std::string>& files);

/// Replaces `path` by these bytes: whole and on disk, or the old ones.
Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes);

/// `from` becomes `to` in one step, whatever was there, and the new name is on disk. A folder changes places
/// with what it replaces, which then lies at `from`. Both must be on one file system.
Result<void> move_into_place(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace millrace
