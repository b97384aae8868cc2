#include "api/handlers.h"
#include "api/openapi.h"
#include "api/static_files.h"

namespace millrace {

/// api/docs_page/; made by the build.
std::span<const EmbeddedFile> embedded_docs_page();

namespace handlers {
namespace {

const StaticFiles& page() {
  static const StaticFiles files(embedded_docs_page());
  return files;
}

}  // namespace

void openapi(const CallPtr& call) {
  static const std::string etag = etag_of(openapi_document());
  call->answer(with_etag(call->request, openapi_document(), "application/json", etag));
}

/// The page for people: reads /openapi.json like any other client.
void docs_page(const CallPtr& call) { call->answer(page().get("index.html", call->request)); }

void docs_file(const CallPtr& call) { call->answer(page().get(call->param("docs_file"), call->request)); }

}  // namespace handlers
}  // namespace millrace
