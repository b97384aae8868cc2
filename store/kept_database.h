#pragma once

#include <filesystem>

/// Under which names a restore keeps the database that was there: `DATABASE.before-restore`, from the second
/// on `DATABASE.before-restore.2` and so on, each with its `-wal`. None is ever used again while a later one
/// is there.
namespace millrace {

/// The name for what is there now.
std::filesystem::path next_kept(const std::filesystem::path& database);
/// Of those there are the one that was kept last; the first name when there is none.
std::filesystem::path newest_kept(const std::filesystem::path& database);

}  // namespace millrace
