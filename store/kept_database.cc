#include "store/kept_database.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kept = ".before-restore";

/// 0: it isn't such a name.
int number_of(std::string_view name, std::string_view start) {
  if (!name.starts_with(start)) return 0;
  name.remove_prefix(start.size());
  if (name.ends_with("-wal")) name.remove_suffix(4);
  if (name.empty()) return 1;
  int number = 0;
  const char* const end = name.data() + name.size();
  const bool whole = name[0] == '.' && std::from_chars(name.data() + 1, end, number).ptr == end;
  return whole ? std::max(number, 0) : 0;
}

int newest_number(const fs::path& database) {
  const std::string start = database.filename().string() + std::string(kept);
  int newest = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fs::absolute(database).parent_path(), error))
    newest = std::max(newest, number_of(entry.path().filename().string(), start));
  return newest;
}

fs::path name_of(const fs::path& database, int number) {
  return database.string() + std::string(kept) + (number > 1 ? "." + std::to_string(number) : "");
}

}  // namespace

fs::path next_kept(const fs::path& database) { return name_of(database, newest_number(database) + 1); }
fs::path newest_kept(const fs::path& database) { return name_of(database, newest_number(database)); }

}  // namespace millrace
