#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/access.h"
#include "api/http.h"
#include "api/routes.h"

namespace millrace {

/// The one choke point before any handler: who is asked (Host), from where (Origin), how it is framed, who
/// asks (token), what for (route, role), in what form (content type). Looks at the head only: nothing of a
/// body is read before.
class Front {
 public:
  Front(Access& access, const Clock& clock, std::string cookie_name, std::vector<std::string> allowed_hosts)
      : access_(access),
        clock_(clock),
        cookie_name_(std::move(cookie_name)),
        hosts_(std::move(allowed_hosts)) {}

  struct Admitted {
    Match match;
    HeaderList query;
    Principal who;
    bool authenticated = false;
  };
  /// Thread-safe.
  std::expected<Admitted, Problem> admit(const HttpRequest& head) const;

 private:
  std::expected<void, Problem> check_framing(const HttpRequest&) const;
  std::expected<void, Problem> check_place(const HttpRequest&) const;
  bool host_allowed(std::string_view host) const;
  std::optional<Principal> who_asks(const HttpRequest&) const;
  std::expected<void, Problem> check_rights(const Admitted&) const;

  Access& access_;
  const Clock& clock_;
  std::string cookie_name_;
  std::vector<std::string> hosts_;
};

}  // namespace millrace
