#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/content_coding.h"
#include "api/http.h"
#include "api/problem.h"
#include "base/embedded.h"

namespace millrace {

/// How long a browser may keep a file.
enum class Keep : std::uint8_t {
  ask,      ///< it asks each time whether the file is still this
  forever,  ///< the name holds a hash: another content has another name. Never in a cache that others share
};

/// Files of the binary, served by their exact names. There is no folder to list and nothing to climb: a name
/// that isn't one of these is 404, whatever is in it. Never changes after it is made; thread-safe.
///
/// `x.gz` and `x.br` beside an `x` are `x` in other codings and have no name of their own.
class StaticFiles {
 public:
  explicit StaticFiles(std::span<const EmbeddedFile>);

  /// `name` is decoded: `docs.js`. The ETag is a hash of the bytes that are sent; who has them gets 304.
  Answer get(std::string_view name, const HttpRequest&, Keep = Keep::ask) const;

 private:
  struct Coded {
    Coding coding;
    std::string_view bytes;
    std::string etag;
  };
  struct File {
    std::string_view content_type;
    std::vector<Coded> coded;  ///< the better ones first; identity last
  };
  std::map<std::string, File, std::less<>> files_;
};

/// `"<hash>"` of these bytes.
std::string etag_of(std::string_view bytes);
/// The bytes, or 304 when the request says that it has them. The client asks again each time (`no-cache`).
HttpResponse with_etag(const HttpRequest&, std::string_view bytes, std::string_view content_type,
                       const std::string& etag);

}  // namespace millrace
