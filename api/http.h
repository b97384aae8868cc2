#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// api/ speaks HTTP: it reads requests, checks who asks, reads the store and hands wishes to the Backend. It
/// knows no rule of scheduling and writes no row. These are its own plain forms of a request and an answer;
/// only session.cc and listener.cc see Beast.
namespace millrace {

class SecretMask;
class StreamSource;

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  ///< as sent: `GET`, `POST` …
  std::string path;    ///< raw, still percent-encoded, without the query
  std::string query;   ///< raw, without `?`
  HeaderList headers;  ///< names in lower case, in the order sent
  std::string body;
  std::string remote;  ///< who asks: the peer's address, or what a trusted proxy says (client_address.h)

  /// The first header of that (lower-case) name; empty when there is none.
  std::string_view header(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

/// Part of an open file; closes it. Moves only.
class FileSlice {
 public:
  FileSlice() = default;
  FileSlice(int fd, std::int64_t from, std::int64_t bytes) : offset(from), length(bytes), fd_(fd) {}
  FileSlice(FileSlice&& other) noexcept;
  FileSlice& operator=(FileSlice&& other) noexcept;
  ~FileSlice();

  explicit operator bool() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  /// As pread(2), but what `mask` knows is overwritten, also what lies across an end of `into`.
  ssize_t read_at(std::span<char> into, std::int64_t at) const;
  /// Bytes that may be shown, and the number won't go down while the file grows. With a mask and while it is
  /// still written, not what a secret could begin with: the end of an unfinished line.
  std::int64_t shown_bytes(bool still_written) const;

  std::int64_t offset = 0, length = 0;
  std::shared_ptr<const SecretMask> mask{};  ///< null: nothing to hide; shared with the other readers

 private:
  int fd_ = -1;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  HeaderList headers;                    ///< beside the ones that every answer has
  FileSlice file;                        ///< when open, the body is this, sent in pieces
  std::shared_ptr<StreamSource> stream;  ///< when set, it feeds the body; shared with what it listens to
  bool close = false;                    ///< end the connection after it
  std::shared_ptr<void> held;            ///< let go of when it was sent, or its stream has ended
};

/// `%41` → `A`, once. Nothing for a broken or cut escape.
std::optional<std::string> percent_decode(std::string_view, bool plus_is_space);
/// The decoded pairs of a query string; nothing when an escape in it is broken.
std::optional<HeaderList> parse_query(std::string_view);
/// The reason phrase; `Unknown` for a status we never send.
std::string_view reason_phrase(int status);
/// Status line and headers, the security headers of every answer included, up to the empty line.
std::string render_head(const HttpResponse&, bool keep_alive);

}  // namespace millrace
