#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace {

/// Each role may do all that the ones before it may. An author's DAGs run as the daemon's tasks: that is
/// shell access.
enum class Role : std::uint8_t { viewer, operator_, author, admin };
std::string_view to_word(Role);
std::optional<Role> role_from(std::string_view);

struct Principal {
  std::string name;
  Role role = Role::viewer;
};

/// Reads the admin token of `file`, or makes one (mode 0600, never over an existing file). A file that others
/// may read is refused.
Result<std::string> ensure_admin_token(const std::filesystem::path& file);

/// The tokens that open this daemon. Only their SHA-256 is kept.
class Tokens {
 public:
  /// The admin token, and those of `tokens.json` when there is one:
  /// `{"tokens": [{"name": "ci", "role": "operator", "sha256": "<64 hex>"}]}`.
  static Result<Tokens> load(const std::filesystem::path& admin_file,
                             const std::filesystem::path& tokens_file);

  /// Who bears this token. Takes the same time whichever token is near.
  std::optional<Principal> find(std::string_view token) const;

 private:
  struct Entry {
    std::string sha256;
    Principal principal;
  };
  std::vector<Entry> entries_;
};

}  // namespace millrace
