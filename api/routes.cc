#include "api/routes.h"

#include <algorithm>
#include <array>
#include <set>

#include "api/dataset_shapes.h"
#include "api/routes/table.h"
#include "base/limits.h"

namespace millrace {
namespace {

using ResourceOf = Resource (*)();
constexpr ResourceOf table[] = {
    monitor_routes,       dag_routes,      dag_version_routes, dag_run_routes,
    task_instance_routes, backfill_routes, pool_routes,          event_log_routes,
    variable_routes,
    asset_routes,         dataset_routes,  ui_routes,            stream_routes,
    access_routes,        web_routes,
};

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == path.npos) return out;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

const std::vector<std::vector<std::string_view>>& patterns() {
  static const std::vector<std::vector<std::string_view>> split_once = [] {
    std::vector<std::vector<std::string_view>> all;
    for (const Route& route : routes()) all.push_back(split(route.pattern));
    return all;
  }();
  return split_once;
}

/// `{dag_id}` → `dag_id`
std::string_view name_of(std::string_view parameter) {
  parameter.remove_prefix(1);
  parameter.remove_suffix(parameter.ends_with("*}") ? 2 : 1);
  return parameter;
}

bool takes_rest(const std::vector<std::string_view>& pattern) { return pattern[0].ends_with("*}"); }

/// The first segments of all routes.
const std::set<std::string_view>& beginnings() {
  static const std::set<std::string_view> all = [] {
    std::set<std::string_view> out;
    for (const auto& pattern : patterns()) out.insert(pattern[0]);
    return out;
  }();
  return all;
}

bool fits(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path) {
  if (takes_rest(pattern)) return !beginnings().contains(path[0]) && segment_ok(name_of(pattern[0]), path[0]);
  return std::ranges::equal(pattern, path, [](std::string_view p, std::string_view s) {
    return is_parameter(p) ? !s.empty() : p == s;
  });
}

/// Whether `a` is the more exact of two patterns that fit: the first place where one is literal decides.
bool more_exact(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (is_parameter(a[i]) != is_parameter(b[i])) return is_parameter(b[i]);
  }
  return false;
}

/// Whether the path's values may be those of the pattern's parameters.
bool possible(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!is_parameter(pattern[i])) continue;
    const auto value = percent_decode(path[i], false);
    if (!value || !segment_ok(name_of(pattern[i]), *value)) return false;
  }
  return true;
}

bool id_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-';
}

}  // namespace

std::string_view to_word(Reach reach) {
  switch (reach) {
    case Reach::dag:
      return "dag";
    case Reach::filtered:
      return "filtered";
    case Reach::open:
      return "open";
    case Reach::shut:
      return "shut";
  }
  return "shut";
}

std::span<const Resource> resources() {
  static const std::vector<Resource> all = [] {
    std::vector<Resource> out;
    for (const ResourceOf of : table) out.push_back(of());
    return out;
  }();
  return all;
}

std::span<const Route> routes() {
  static const std::vector<Route> all = [] {
    std::vector<Route> out;
    for (const Resource& resource : resources()) {
      out.insert(out.end(), resource.routes.begin(), resource.routes.end());
    }
    return out;
  }();
  return all;
}

Match match_route(std::string_view method, std::string_view raw_path) {
  Match match;
  if (raw_path.empty() || raw_path[0] != '/') return match;
  const auto path = split(raw_path);
  const std::string_view wanted = method == "HEAD" ? std::string_view{"GET"} : method;
  const std::vector<std::string_view>* best = nullptr;      // of any method: its methods are told
  const std::vector<std::string_view>* best_hit = nullptr;  // of this one: a task may be called `list`
  const std::span<const Route> all = routes();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& pattern = patterns()[i];
    if (!fits(pattern, path)) continue;
    if (all[i].method == wanted && (best_hit == nullptr || more_exact(pattern, *best_hit))) {
      best_hit = &pattern;
      match.route = &all[i];
    }
    if (best != nullptr && more_exact(*best, pattern)) continue;
    if (best == nullptr || more_exact(pattern, *best)) {
      best = &pattern;
      match.allow = "OPTIONS";
    }
    match.allow += ", " + std::string(all[i].method);
    if (all[i].method == "GET") match.allow += ", HEAD";
  }
  if (best == nullptr) return match;
  // `dependencies` is no map_index: PATCH of that path isn't one of a mapped instance.
  if (best_hit != nullptr && more_exact(*best, *best_hit) && !possible(*best_hit, path)) {
    best_hit = nullptr;
    match.route = nullptr;
  }
  const std::vector<std::string_view>& chosen = best_hit != nullptr ? *best_hit : *best;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool rest = i >= chosen.size();
    if (!rest && !is_parameter(chosen[i])) continue;
    auto value = percent_decode(path[i], false);
    match.bad_escape = match.bad_escape || !value;
    if (!rest) match.params.emplace_back(name_of(chosen[i]), value.value_or(""));
  }
  return match;
}

bool segment_ok(std::string_view name, std::string_view value) {
  if (value.empty()) return false;
  if (name == "map_index" && value == "-1") return true;
  if (name == "map_index" || name == "try_number" || name == "version_number" || name == "backfill_id" ||
      name == "event_log_id" || name == "asset_id" || name == "asset_alias_id" || name == "import_error_id") {
    return value.size() <= 18 && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  }
  if (name == "docs_file") return true;  // one of the page's names, or 404
  if (name == "page") {
    const auto in_a_word = [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; };
    return value.size() <= 40 && value[0] != '-' && std::ranges::all_of(value, in_a_word);
  }
  if (name == "variable_key") {
    const auto printable = [](unsigned char c) { return c >= 0x20 && c != 0x7f; };
    return value.size() <= 250 && std::ranges::all_of(value, printable);
  }
  if (value == "." || value == "..") return false;
  if (name == "run_id") {
    return value.size() <= 250 && (value[0] != '.') && std::ranges::all_of(value, [](char c) {
             return id_character(c) || c == '+' || c == ':' || c == '~';
           });
  }
  if ((name == "dag_id" || name == "task_id") && value == "~") return true;
  if (name == "version" && value.starts_with("b3:")) return is_hash_prefix(value);
  if (name == "version")
    return value.size() <= 18 && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  return value.size() <= limits::id_bytes && std::ranges::all_of(value, id_character);
}

}  // namespace millrace
