#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/routes.h"
#include "api/schema_book.h"

namespace millrace {

/// The OpenAPI 3.1 document: the route table and api/schemas/ in the form that programs read. Made at the
/// first call, kept.
const std::string& openapi_document();
std::string make_openapi(std::span<const Resource>, const SchemaBook&);

/// What the document lacks, in words, one a line: a route whose schema no file describes, a schema or a
/// parameter that no route uses. Empty when it is whole.
std::vector<std::string> openapi_faults(std::span<const Resource>, const SchemaBook&);

}  // namespace millrace
