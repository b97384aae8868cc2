#pragma once

#include <span>
#include <string_view>

namespace millrace {

/// A file of the source tree inside the binary: see cmake/embed.cmake.
struct EmbeddedFile {
  std::string_view name;  ///< below its folder, `/` between: `page/docs.js`
  std::string_view bytes;
};

}  // namespace millrace
