#include "daemon/secrets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/limits.h"

namespace millrace {
namespace {

constexpr std::size_t key_bytes = 32;

struct File {
  int fd;
  ~File() {
    if (fd >= 0) close(fd);
  }
};

/// A regular file's bytes, one more than `most` at the most. Neither a FIFO nor a device may block the loop.
Result<std::string> read_file(const std::string& path, std::size_t most) {
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file.fd < 0)
    return fail(errno == ENOENT ? ErrorKind::not_found : ErrorKind::invalid, std::strerror(errno));
  struct stat facts{};
  if (fstat(file.fd, &facts) != 0 || !S_ISREG(facts.st_mode))
    return fail(ErrorKind::invalid, "it isn't a regular file");
  std::string text(most + 1, '\0');
  std::size_t got = 0;
  for (ssize_t n = 1; got < text.size(); got += static_cast<std::size_t>(n)) {
    n = read(file.fd, text.data() + got, text.size() - got);
    if (n < 0) return fail(ErrorKind::invalid, std::strerror(errno));
    if (n == 0) break;
  }
  text.resize(got);
  return text;
}

Result<std::string> make_key(const std::string& path) {
  std::string key(key_bytes, '\0');
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    return fail(ErrorKind::internal, "no randomness from the kernel");
  const File file{open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  const bool written = file.fd >= 0 && write(file.fd, key.data(), key.size()) == ssize_t{key_bytes} &&
                       fsync(file.fd) == 0;
  if (!written) return fail(ErrorKind::unavailable, fmt::format("{}: {}", path, std::strerror(errno)));
  return key;
}

/// An empty file is a person's word that the old key is lost.
Result<std::string> load_key(const std::string& path, bool needed) {
  auto key = read_file(path, key_bytes);
  if (key && key->size() == key_bytes) return key;
  if (key && key->empty()) return make_key(path);
  const bool missing = !key && key.error().kind == ErrorKind::not_found;
  if (missing && !needed) return make_key(path);
  if (!missing) {
    const std::string why = key ? "it isn't a key" : key.error().message;
    return fail(ErrorKind::invalid, fmt::format("{}: {}", path, why));
  }
  return fail(ErrorKind::invalid,
              fmt::format("{} is missing: without it, secrets in the logs there are can't be masked. Put it "
                          "back; if it is lost, make an empty file of that name: old logs then show what "
                          "their tasks wrote",
                          path));
}

std::string origin_of(const Secret& secret) {
  return secret.from == Secret::From::env
             ? fmt::format("the environment variable {} of the daemon", secret.source)
             : fmt::format("the file '{}'", secret.source);
}

/// Or what is wrong with where it comes from, without a byte of it.
Result<std::string> value_of(const Secret& secret) {
  if (secret.from == Secret::From::env) {
    const char* value = std::getenv(secret.source.c_str());
    if (value == nullptr) return fail(ErrorKind::not_found, "it isn't set");
    return std::string(value);
  }
  auto value = read_file(secret.source, limits::secret_bytes + 1);
  if (value && value->ends_with('\n')) value->pop_back();
  return value;
}

std::string problem_of(std::string_view value, const std::vector<std::string>& spellings) {
  if (value.size() > limits::secret_bytes)
    return fmt::format("it has more than {} bytes", limits::secret_bytes);
  if (value.find('\0') != value.npos) return "it has a NUL byte, which no environment can hold";
  if (spellings.empty())
    return fmt::format("it has no line of {} bytes or more, and a shorter one can't be masked in logs",
                       limits::secret_least_bytes);
  return {};
}

}  // namespace

Secrets::Secrets(std::shared_ptr<const SecretKey> key, std::vector<SecretPrintRow> known)
    : key_(std::move(key)) {
  for (SecretPrintRow& row : known) {
    SecretPrint print{row.bytes, std::bit_cast<std::uint64_t>(row.rolling), row.digest};
    known_[std::move(row.dag_id)].emplace(std::move(row.digest), std::move(print));
  }
  const MutexLock lock(mutex_);
  for (const auto& [dag_id, prints] : known_) {
    std::vector<SecretPrint> all;
    for (const auto& [digest, print] : prints) all.push_back(print);
    masks_[dag_id] = std::make_shared<SecretMask>(key_, std::move(all));
  }
}

Result<std::unique_ptr<Secrets>> Secrets::open(const Paths& paths, std::vector<SecretPrintRow> known) {
  auto key = load_key(paths.secrets_key().string(), !known.empty());
  if (!key) return std::unexpected(key.error());
  return std::unique_ptr<Secrets>(
      new Secrets(std::make_shared<const SecretKey>(std::move(*key)), std::move(known)));
}

Result<Secrets::Environment> Secrets::values(const Dag& dag) {
  Environment out;
  for (const Secret& secret : dag.secrets) {
    auto value = value_of(secret);
    std::vector<std::string> spellings;
    std::string problem = value ? std::string() : value.error().message;
    if (value) {
      spellings = spellings_of(*value, limits::secret_least_bytes);
      problem = problem_of(*value, spellings);
    }
    if (problem.empty() && !add(dag.dag_id, secret.env, spellings))
      problem = fmt::format("the DAG has had {} different values, which is the limit", limits::secret_prints);
    if (!problem.empty())
      return fail(ErrorKind::invalid,
                  fmt::format("{}:{}: secret '{}' can't be had from {}: {}", secret.place.line,
                              secret.place.column, secret.env, origin_of(secret), problem));
    out.emplace_back(secret.env, std::move(*value));
  }
  return out;
}

void Secrets::watch_for(std::string_view dag_id, std::string_view name, std::string_view value) {
  if (value.size() > limits::secret_bytes) return;
  add(dag_id, name, spellings_of(value, limits::secret_least_bytes));
}

/// False: there are too many.
bool Secrets::add(std::string_view dag_id, std::string_view name, const std::vector<std::string>& spellings) {
  auto& known = known_[std::string(dag_id)];
  bool any_new = false;
  for (const std::string& text : spellings) {
    SecretPrint print = key_->print(text);
    if (known.contains(print.digest)) continue;
    if (known.size() >= limits::secret_prints) return false;
    unstored_.push_back({std::string(dag_id), print.digest, std::string(name), print.bytes,
                         std::bit_cast<std::int64_t>(print.rolling)});
    known.emplace(print.digest, std::move(print));
    any_new = true;
  }
  if (!any_new) return true;
  std::vector<SecretPrint> all;
  for (const auto& [digest, print] : known) all.push_back(print);
  auto mask = std::make_shared<const SecretMask>(key_, std::move(all));
  const MutexLock lock(mutex_);
  masks_.insert_or_assign(std::string(dag_id), std::move(mask));
  return true;
}

std::shared_ptr<const SecretMask> Secrets::mask_of(std::string_view dag_id) const {
  const MutexLock lock(mutex_);
  const auto at = masks_.find(dag_id);
  return at == masks_.end() ? nullptr : at->second;
}

}  // namespace millrace
