#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "api/http.h"
#include "api/problem.h"
#include "base/embedded.h"

namespace millrace {

/// Files of the binary, served by their exact names. There is no folder to list and nothing to climb: a name
/// that isn't one of these is 404, whatever is in it. Never changes after it is made; thread-safe.
class StaticFiles {
 public:
  explicit StaticFiles(std::span<const EmbeddedFile>);

  /// `name` is decoded: `docs.js`. The ETag is a hash of the bytes; who has them gets 304.
  Answer get(std::string_view name, const HttpRequest&) const;

 private:
  struct File {
    std::string_view bytes, content_type;
    std::string etag;
  };
  std::map<std::string, File, std::less<>> files_;
};

/// `"<hash>"` of these bytes.
std::string etag_of(std::string_view bytes);
/// The bytes, or 304 when the request says that it has them. The client asks again each time (`no-cache`).
HttpResponse with_etag(const HttpRequest&, std::string_view bytes, std::string_view content_type,
                       const std::string& etag);

}  // namespace millrace
