#include "api/login.h"

#include "api/auth.h"
#include "base/limits.h"
#include "base/sha256.h"

namespace millrace {

std::optional<std::string> Logins::make_link(const std::string& token_id, MonoTime now) {
  auto code = new_secret("");
  const MutexLock lock(mutex_);
  std::erase_if(links_, [&](const auto& entry) { return entry.second.until <= now; });
  if (!code || links_.size() >= limits::login_links) return std::nullopt;
  links_[sha256_hex(*code)] = {token_id, now + limits::login_link_life};
  return std::move(*code);
}

std::optional<std::string> Logins::take_link(std::string_view code, MonoTime now) {
  const MutexLock lock(mutex_);
  const auto at = links_.find(sha256_hex(code));
  if (at == links_.end()) return std::nullopt;
  const Link link = std::move(at->second);
  links_.erase(at);
  if (link.until <= now) return std::nullopt;
  return link.token_id;
}

std::map<std::string, Logins::Failures>::iterator Logins::failures_of(const std::string& address,
                                                                      MonoTime now) {
  constexpr auto minute = std::chrono::minutes{1};
  auto at = failures_.find(address);
  if (at == failures_.end()) {
    if (failures_.size() >= limits::login_addresses) {
      std::erase_if(failures_, [&](const auto& entry) { return now - entry.second.since >= minute; });
    }
    const bool full = failures_.size() >= limits::login_addresses;
    at = failures_.try_emplace(full ? std::string{} : address, Failures{now, 0}).first;
  }
  if (now - at->second.since >= minute) at->second = {now, 0};
  return at;
}

bool Logins::throttled(const std::string& address, MonoTime now) {
  const MutexLock lock(mutex_);
  return failures_of(address, now)->second.count >= limits::bad_logins_a_minute;
}

void Logins::failed(const std::string& address, MonoTime now) {
  const MutexLock lock(mutex_);
  ++failures_of(address, now)->second.count;
}

}  // namespace millrace
