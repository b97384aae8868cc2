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
#include "base/sha256.h"

namespace millrace {
namespace {

bool same_bytes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

Result<std::string> new_token() {
  std::array<unsigned char, 32> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return fail(ErrorKind::internal, fmt::format("no random bytes: {}", std::strerror(errno)));
  }
  std::string token = "mr_";
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return token;
}

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

}  // namespace

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

Result<std::string> ensure_admin_token(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 && errno != EEXIST) {
    return fail(ErrorKind::unavailable,
                fmt::format("can't make {}: {}", file.string(), std::strerror(errno)));
  }
  if (fd < 0) {
    auto text = read_private(file);
    if (!text) return text;
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    if (text->size() < 20) {
      return fail(ErrorKind::invalid,
                  fmt::format("{} holds no token; remove it to get a new one", file.string()));
    }
    return text;
  }
  auto token = new_token();
  const std::string line = token ? *token + "\n" : "";
  const bool written =
      token && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!written) {
    ::unlink(file.c_str());
    return fail(ErrorKind::unavailable, fmt::format("can't write {}", file.string()));
  }
  return token;
}

Result<Tokens> Tokens::load(const std::filesystem::path& admin_file,
                            const std::filesystem::path& tokens_file) {
  Tokens tokens;
  auto admin = ensure_admin_token(admin_file);
  if (!admin) return std::unexpected(admin.error());
  tokens.entries_.push_back({sha256_hex(*admin), {"admin", Role::admin}});
  std::error_code none;
  if (tokens_file.empty() || !std::filesystem::exists(tokens_file, none)) return tokens;
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::invalid, fmt::format("{}: {}", tokens_file.string(), why));
  };
  auto text = read_private(tokens_file);
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
    tokens.entries_.push_back({hash->text, {name->text, *known}});
  }
  return tokens;
}

std::optional<Principal> Tokens::find(std::string_view token) const {
  const std::string hash = sha256_hex(token);
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) {
    if (same_bytes(entry.sha256, hash)) found = &entry;
  }
  if (found == nullptr) return std::nullopt;
  return found->principal;
}

}  // namespace millrace
