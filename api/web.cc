#include "api/handlers.h"
#include "api/static_files.h"

namespace millrace {

/// web/, as vite builds it: cmake/web.cmake.
std::span<const EmbeddedFile> embedded_web();

namespace handlers {
namespace {

const StaticFiles& web() {
  static const StaticFiles files(embedded_web());
  return files;
}

}  // namespace

/// Every page is the same document; its script reads from the address which one it is.
void web_page(const CallPtr& call) { call->answer(web().get("index.html", call->request)); }

void web_asset(const CallPtr& call) {
  const std::string name = "assets/" + std::string(call->param("asset_file"));
  call->answer(web().get(name, call->request, Keep::forever));
}

/// `/theme.js`: what has a name of its own at the root.
void web_file(const CallPtr& call) {
  call->answer(web().get(std::string_view(call->request.path).substr(1), call->request));
}

}  // namespace handlers
}  // namespace millrace
