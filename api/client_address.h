#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "api/http.h"
#include "api/problem.h"
#include "base/address_ranges.h"
#include "base/thread_annotations.h"

namespace millrace {

/// Who asks: the peer (`remote`), unless it is one of `trusted`. Then X-Forwarded-For is read from its right
/// end, where each proxy adds whom it was asked by: the first address that isn't itself a trusted proxy. What
/// stands left of it anybody may have written. A part that is no address ends the reading: the proxy that
/// sent it counts. Other headers (X-Real-IP, Forwarded) mean nothing.
std::string client_address(const HttpRequest&, const AddressRanges& trusted);

/// How much each client holds at a time through proxies, whose connections they share: open requests and
/// streams count as connections do for others. Any thread, after set().
class ProxiedClients {
 public:
  void set(AddressRanges proxies, std::size_t per_client);
  const AddressRanges& proxies() const { return proxies_; }
  /// A place, given back when it is let go of; null: the client has as many as it may.
  std::shared_ptr<void> take(const std::string& client);

 private:
  struct Counts {
    Mutex mutex;
    std::map<std::string, std::size_t> open GUARDED_BY(mutex);
  };
  AddressRanges proxies_;
  std::size_t per_client_ = 0;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();  // shared with the places
};

Problem too_many_at_once();

}  // namespace millrace
