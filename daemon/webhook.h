#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/address_ranges.h"

namespace millrace {

struct WebhookAnswer {
  bool delivered = false;
  bool hopeless = false;  ///< another try would end the same: not a URL, a forbidden address, a 4xx
  std::string detail;     ///< for a person; without the URL's path, which may hold a secret
};

/// Posts a JSON body. The name is resolved once, each of its addresses is judged (is_public or `allowed`),
/// and the connection goes to the judged address: a name that changes in between leads nowhere else.
/// Redirects aren't followed. Blocks for up to half a minute: not on the loop's thread.
WebhookAnswer post_webhook(const std::string& url, const std::string& body,
                           const std::vector<std::pair<std::string, std::string>>& headers,
                           const AddressRanges& allowed);

}  // namespace millrace
