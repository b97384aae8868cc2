#include "api/auth.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "api/json.h"
#include "base/crash_point.h"
#include "base/sha256.h"

namespace millrace {
namespace {

Result<std::string> read_private(const std::filesystem::path& file) {
  struct stat facts{};
  if (stat(file.c_str(), &facts) != 0) {
    return fail(ErrorKind::internal, fmt::format("{}: {}", file.string(), std::strerror(errno)));
  }
  if ((facts.st_mode & 077) != 0) {
    return fail(ErrorKind::forbidden, fmt::format("{} may be read by others (mode {:o}); run: chmod 600 {}",
                                                  file.string(), facts.st_mode & 0777, file.string()));
  }
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Whole and on disk, or not there: half a token would keep every later daemon from starting.
Result<void> write_private(const std::filesystem::path& file, const std::string& text) {
  const std::string draft = file.string() + ".draft";
  ::unlink(draft.c_str());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  CRASH_POINT("token.file_made");
  bool good = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  good = good && ::fsync(fd) == 0;
  CRASH_POINT("token.written");
  good = good && ::rename(draft.c_str(), file.c_str()) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  CRASH_POINT("token.named");
  if (!good) {
    return fail(ErrorKind::unavailable,
                fmt::format("can't write {}: {}", file.string(), std::strerror(error)));
  }
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  if (folder >= 0) ::close(folder);
  if (synced) return {};
  return fail(ErrorKind::unavailable, fmt::format("can't sync the folder of {}", file.string()));
}

}  // namespace

bool Principal::may_see(std::string_view dag_id) const {
  return dags.empty() || std::ranges::any_of(dags, [&](const std::string& pattern) {
           return pattern_fits(pattern, dag_id);
         });
}

bool pattern_fits(std::string_view pattern, std::string_view text) {
  // Greedy with one place to come back to: linear but for the last star.
  std::size_t p = 0, t = 0, star = pattern.npos, matched = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      matched = t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++matched;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view to_word(Role role) {
  switch (role) {
    case Role::viewer:
      return "viewer";
    case Role::operator_:
      return "operator";
    case Role::author:
      return "author";
    case Role::admin:
      return "admin";
  }
  return "";
}

std::optional<Role> role_from(std::string_view word) {
  for (const Role role : {Role::viewer, Role::operator_, Role::author, Role::admin}) {
    if (to_word(role) == word) return role;
  }
  return std::nullopt;
}

Result<std::string> new_secret(std::string_view prefix) {
  std::array<unsigned char, 32> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return fail(ErrorKind::internal, fmt::format("no random bytes: {}", std::strerror(errno)));
  }
  std::string secret(prefix);
  for (const unsigned char byte : bytes) secret += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return secret;
}

Result<std::string> ensure_admin_token(const std::filesystem::path& file) {
  struct stat facts{};
  if (lstat(file.c_str(), &facts) == 0) {
    auto text = read_private(file);
    if (!text) return text;
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    if (text->size() < 20) {
      return fail(ErrorKind::invalid,
                  fmt::format("{} holds no token; remove it to get a new one", file.string()));
    }
    return text;
  }
  auto token = new_secret("mr_");
  if (!token) return token;
  if (const auto written = write_private(file, *token + "\n"); !written) {
    return std::unexpected(written.error());
  }
  return token;
}

Result<std::vector<TokenRow>> read_token_file(const std::filesystem::path& file) {
  std::vector<TokenRow> tokens;
  std::error_code none;
  if (file.empty() || !std::filesystem::exists(file, none)) return tokens;
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::invalid, fmt::format("{}: {}", file.string(), why));
  };
  auto text = read_private(file);
  if (!text) return std::unexpected(text.error());
  auto root = parse_json(*text);
  if (!root) return bad(root.error().message);
  const JsonValue* list = root->find("tokens");
  if (list == nullptr || !list->is(JsonValue::Kind::array)) return bad("needs a list 'tokens'");
  for (const JsonValue& item : list->items) {
    const JsonValue* name = item.find("name");
    const JsonValue* role = item.find("role");
    const JsonValue* hash = item.find("sha256");
    const auto known = role == nullptr ? std::nullopt : role_from(role->text);
    if (name == nullptr || name->text.empty() || !known || hash == nullptr || hash->text.size() != 64) {
      return bad(
          "each token needs name, role (viewer, operator, author or admin) and sha256 (64 hex digits)");
    }
    TokenRow row;
    row.id = "file_" + hash->text.substr(0, 12);
    row.name = name->text;
    row.role = to_word(*known);
    row.secret_sha256 = hash->text;
    row.created_by = "tokens.json";
    if (const JsonValue* dags = item.find("dags")) {
      for (const JsonValue& pattern : dags->items) row.dags.push_back(pattern.text);
    }
    tokens.push_back(std::move(row));
  }
  return tokens;
}

}  // namespace millrace
