#include "api/static_files.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/sha256.h"

namespace millrace {
namespace {

/// By the end of the name; what has no type here isn't served as anything a browser would run.
std::string_view content_type_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> types = {{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  for (const auto& [ending, type] : types) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

/// Whether `If-None-Match` names this tag: `*`, or one of a list, weak or not (RFC 9110 13.1.2).
bool has_tag(std::string_view header, std::string_view etag) {
  if (header == "*") return true;
  while (!header.empty()) {
    std::string_view tag = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), tag.size() + 1));
    while (tag.starts_with(' ')) tag.remove_prefix(1);
    while (tag.ends_with(' ')) tag.remove_suffix(1);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag) return true;
  }
  return false;
}

}  // namespace

std::string etag_of(std::string_view bytes) { return '"' + sha256_hex(bytes).substr(0, 32) + '"'; }

HttpResponse with_etag(const HttpRequest& request, std::string_view bytes, std::string_view content_type,
                       const std::string& etag) {
  HttpResponse response;
  response.headers = {{"ETag", etag}, {"Cache-Control", "no-cache"}};
  if (has_tag(request.header("if-none-match"), etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = content_type;
  response.body = bytes;
  return response;
}

StaticFiles::StaticFiles(std::span<const EmbeddedFile> files) {
  std::map<std::string_view, std::string_view> bytes_by_name;
  for (const EmbeddedFile& file : files) bytes_by_name.emplace(file.name, file.bytes);
  for (const auto& [name, bytes] : bytes_by_name) {
    if (name.starts_with('.') || name.find("/.") != name.npos) continue;
    const bool coded = name.ends_with(".gz") || name.ends_with(".br");
    if (coded && bytes_by_name.contains(name.substr(0, name.size() - 3))) continue;
    File file{content_type_of(name), {}};
    for (const auto& [ending, coding] : {std::pair{".br", Coding::br}, std::pair{".gz", Coding::gzip}}) {
      const auto at = bytes_by_name.find(std::string(name) + ending);
      if (at != bytes_by_name.end()) file.coded.push_back({coding, at->second, etag_of(at->second)});
    }
    file.coded.push_back({Coding::identity, bytes, etag_of(bytes)});
    files_.emplace(name, std::move(file));
  }
}

Answer StaticFiles::get(std::string_view name, const HttpRequest& request, Keep keep) const {
  const auto at = files_.find(name);
  if (at == files_.end()) return refuse(404, "not_found", "there is no such file");
  const std::vector<Coded>& coded = at->second.coded;
  std::vector<Coding> offered;
  for (const Coded& one : coded) offered.push_back(one.coding);
  const Coded& chosen = *std::ranges::find(coded, choose_coding(offered, request), &Coded::coding);
  HttpResponse response = with_etag(request, chosen.bytes, at->second.content_type, chosen.etag);
  if (keep == Keep::forever) {
    const auto kept = std::ranges::find(response.headers, "Cache-Control", &HeaderList::value_type::first);
    kept->second = "private, max-age=31536000, immutable";
  }
  if (coded.size() > 1) response.headers.emplace_back("Vary", "Accept-Encoding");
  if (chosen.coding != Coding::identity && response.status == 200)
    response.headers.emplace_back("Content-Encoding", to_word(chosen.coding));
  return response;
}

}  // namespace millrace
