#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/thread_annotations.h"
#include "base/time.h"

namespace millrace {

/// What stands at the login door and is forgotten at a restart: links that log a browser in once, and who
/// tried too often. Any thread.
class Logins {
 public:
  /// The code of a link for this token; nothing when limits::login_links are open.
  std::optional<std::string> make_link(const std::string& token_id, MonoTime now);
  /// Whose link it is. Once: the second time there is none.
  std::optional<std::string> take_link(std::string_view code, MonoTime now);

  /// Whether this address has had limits::bad_logins_a_minute failures within a minute.
  bool throttled(const std::string& address, MonoTime now);
  void failed(const std::string& address, MonoTime now);

 private:
  struct Link {
    std::string token_id;
    MonoTime until;
  };
  struct Failures {
    MonoTime since;
    int count = 0;
  };
  std::map<std::string, Failures>::iterator failures_of(const std::string& address, MonoTime now)
      REQUIRES(mutex_);

  Mutex mutex_;
  std::map<std::string, Link, std::less<>> links_ GUARDED_BY(mutex_);  // by the SHA-256 of the code
  std::map<std::string, Failures> failures_ GUARDED_BY(mutex_);
};

}  // namespace millrace
