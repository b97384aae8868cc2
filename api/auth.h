#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/access.h"

namespace millrace {

/// Each role may do all that the ones before it may. An author's DAGs run as the daemon's tasks: that is
/// shell access.
enum class Role : std::uint8_t { viewer, operator_, author, admin };
std::string_view to_word(Role);
std::optional<Role> role_from(std::string_view);

/// Who asks.
struct Principal {
  std::string name;
  Role role = Role::viewer;
  std::string token_id;
  std::vector<std::string> dags{};  ///< patterns of the DAGs it may see; empty: all
  std::string session_id{};         ///< empty: the token itself was sent
  bool by_cookie = false;           ///< a browser, which also sends what other pages tell it to

  bool may_see(std::string_view dag_id) const;
};

/// `*` stands for any characters, `?` for one.
bool pattern_fits(std::string_view pattern, std::string_view text);

/// A secret nobody can guess: `prefix` and 64 hex digits of the kernel's randomness.
Result<std::string> new_secret(std::string_view prefix);

/// Reads the admin token of `file`, or makes one (mode 0600, never over an existing file). A file that others
/// may read is refused.
Result<std::string> ensure_admin_token(const std::filesystem::path& file);

/// The tokens of `tokens.json`, for those who keep them with their configuration:
/// `{"tokens": [{"name": "ci", "role": "operator", "sha256": "<64 hex>", "dags": ["flights_*"]}]}`.
/// A missing file has none.
Result<std::vector<TokenRow>> read_token_file(const std::filesystem::path& file);

}  // namespace millrace
