#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "api/backend.h"
#include "api/published.h"
#include "api/readers.h"
#include "base/address_ranges.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

namespace millrace {

struct ApiOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free one; see ApiServer::port
  /// `Host` values beside 127.0.0.1:PORT, localhost:PORT and [::1]:PORT, in lower case: `flows.example:8080`.
  std::vector<std::string> allowed_hosts;
  std::filesystem::path data_dir;          ///< logs are read below it, and nothing else
  std::filesystem::path admin_token_file;  ///< empty: data_dir/admin.token; made when it isn't there
  std::filesystem::path tokens_file;       ///< empty: data_dir/tokens.json; may be missing
  bool secure_cookies = false;             ///< browsers reach it by TLS
  ReaderFactory open_reader;               ///< called reader_threads times by start()
  std::size_t connections_per_address = limits::http_connections_per_address;
  std::size_t connections_from_loopback = limits::http_connections_from_loopback;
  AddressRanges trusted_proxies{};  ///< whose X-Forwarded-For is believed
  int io_threads = 1;
  int reader_threads = 2;
};

/// The HTTP server: its own I/O and reader threads, no thread of the daemon's. A slow or silent client costs
/// a buffer, never a thread.
class ApiServer {
 public:
  /// Binds, reads or makes the tokens and serves. Address in use, a token file that others may read, a data
  /// folder that isn't there: refused in words. `backend` and `clock` outlive the server.
  static Result<std::unique_ptr<ApiServer>> start(ApiOptions, Backend& backend, const Clock& clock);
  /// stop()
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  std::uint16_t port() const;
  /// Tells the readers of the event stream what was committed. From the loop's thread, right after the
  /// commit, with how many rows the audit log got; `memory` is used during the call only.
  void publish(std::vector<Change> committed, const InMemory& memory, std::size_t audits = 0);
  /// Has the store remember when tokens were used last; now and then, from any thread.
  void record_use();
  /// Takes no more connections, ends those there are and joins the threads. Replies of the backend that come
  /// later are dropped. From any thread but the server's own.
  void stop();

 private:
  struct Core;
  explicit ApiServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;
};

}  // namespace millrace
