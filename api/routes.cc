#include "api/routes.h"

#include <algorithm>
#include <array>

#include "api/handlers.h"
#include "base/limits.h"

namespace millrace {
namespace {

namespace h = handlers;

constexpr Needs anyone = Needs::nothing();
constexpr Needs viewer = Needs::role(Role::viewer);
constexpr Needs operator_ = Needs::role(Role::operator_);
constexpr Needs author = Needs::role(Role::author);
constexpr Needs admin = Needs::role(Role::admin);

#define API "/api/v2"
#define DAG API "/dags/{dag_id}"
#define RUN DAG "/dagRuns/{run_id}"
#define TI RUN "/taskInstances/{task_id}"
#define MAPPED TI "/{map_index}"
#define BACKFILL API "/backfills/{backfill_id}"

const Route table[] = {
    {"GET", API "/monitor/health", anyone, h::health},
    {"GET", API "/version", anyone, h::version},

    {"GET", API "/dags", viewer, h::list_dags},
    {"POST", API "/dags", author, h::submit_dag, true},
    {"POST", API "/dags/validate", author, h::validate_dag, true},
    {"GET", DAG, viewer, h::get_dag},
    {"PATCH", DAG, operator_, h::patch_dag},
    {"DELETE", DAG, author, h::delete_dag},
    {"GET", DAG "/details", viewer, h::get_dag_details},
    {"GET", DAG "/tasks", viewer, h::list_tasks},
    {"GET", DAG "/tasks/{task_id}", viewer, h::get_task},
    {"GET", DAG "/schedule/preview", viewer, h::schedule_preview},
    {"GET", DAG "/dagVersions", viewer, h::list_dag_versions},
    {"GET", DAG "/dagVersions/{version_number}", viewer, h::get_dag_version},
    {"GET", API "/dagSources/{dag_id}", viewer, h::dag_source},
    {"GET", API "/dagStats", viewer, h::dag_stats},
    {"GET", API "/dagTags", viewer, h::list_dag_tags},
    {"GET", API "/importErrors", viewer, h::list_import_errors},

    {"GET", DAG "/dagRuns", viewer, h::list_runs},
    {"POST", DAG "/dagRuns", operator_, h::trigger_run},
    {"GET", RUN, viewer, h::get_run},
    {"PATCH", RUN, operator_, h::patch_run},
    {"POST", RUN "/clear", operator_, h::clear_run},
    {"POST", RUN "/cancel", operator_, h::cancel_run},
    {"POST", DAG "/clearTaskInstances", operator_, h::clear_task_instances},

    {"GET", RUN "/taskInstances", viewer, h::list_task_instances},
    {"GET", TI, viewer, h::get_task_instance},
    {"PATCH", TI, operator_, h::patch_task_instance},
    {"GET", TI "/listMapped", viewer, h::list_mapped},
    {"GET", TI "/tries", viewer, h::list_tries},
    {"GET", TI "/tries/{try_number}", viewer, h::get_try},
    {"GET", TI "/explain", viewer, h::explain_task_instance},
    {"GET", TI "/xcomEntries", viewer, h::list_xcoms},
    {"GET", TI "/xcomEntries/{key}", viewer, h::get_xcom},
    {"GET", TI "/logs/{try_number}", viewer, h::get_log},
    {"GET", MAPPED, viewer, h::get_task_instance},
    {"PATCH", MAPPED, operator_, h::patch_task_instance},
    {"GET", MAPPED "/tries", viewer, h::list_tries},
    {"GET", MAPPED "/tries/{try_number}", viewer, h::get_try},
    {"GET", MAPPED "/explain", viewer, h::explain_task_instance},

    {"GET", API "/backfills", viewer, h::list_backfills},
    {"POST", API "/backfills", operator_, h::create_backfill},
    {"POST", API "/backfills/dry_run", viewer, h::dry_run_backfill},
    {"GET", BACKFILL, viewer, h::get_backfill},
    {"GET", BACKFILL "/items", viewer, h::list_backfill_items},
    {"PUT", BACKFILL "/pause", operator_, h::pause_backfill},
    {"PUT", BACKFILL "/unpause", operator_, h::unpause_backfill},
    {"PUT", BACKFILL "/cancel", operator_, h::cancel_backfill},
    {"POST", BACKFILL "/retryFailed", operator_, h::retry_backfill},

    {"GET", API "/pools", viewer, h::list_pools},
    {"POST", API "/pools", admin, h::create_pool},
    {"GET", API "/pools/{pool_name}", viewer, h::get_pool},
    {"PATCH", API "/pools/{pool_name}", admin, h::patch_pool},
    {"DELETE", API "/pools/{pool_name}", admin, h::delete_pool},
    {"GET", API "/devices", viewer, h::list_devices},

    {"GET", API "/eventLogs", viewer, h::list_event_logs},
    {"GET", API "/eventLogs/{event_log_id}", viewer, h::get_event_log},
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
    for (const Route& route : table) all.push_back(split(route.pattern));
    return all;
  }();
  return split_once;
}

bool fits(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path) {
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

bool id_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-';
}

}  // namespace

std::span<const Route> routes() { return table; }

Match match_route(std::string_view method, std::string_view raw_path) {
  Match match;
  if (raw_path.empty() || raw_path[0] != '/') return match;
  const auto path = split(raw_path);
  const std::string_view wanted = method == "HEAD" ? std::string_view{"GET"} : method;
  const std::vector<std::string_view>* best = nullptr;
  for (std::size_t i = 0; i < std::size(table); ++i) {
    const auto& pattern = patterns()[i];
    if (!fits(pattern, path)) continue;
    if (best != nullptr && more_exact(*best, pattern)) continue;
    if (best == nullptr || more_exact(pattern, *best)) {
      best = &pattern;
      match.route = nullptr;
      match.allow = "OPTIONS";
    }
    match.allow += ", " + std::string(table[i].method);
    if (table[i].method == "GET") match.allow += ", HEAD";
    if (table[i].method == wanted) match.route = &table[i];
  }
  if (best == nullptr) return match;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!is_parameter((*best)[i])) continue;
    auto value = percent_decode(path[i], false);
    match.bad_escape = match.bad_escape || !value;
    const std::string_view name = (*best)[i].substr(1, (*best)[i].size() - 2);
    match.params.emplace_back(name, value.value_or(""));
  }
  return match;
}

bool segment_ok(std::string_view name, std::string_view value) {
  if (value.empty()) return false;
  if (name == "map_index" && value == "-1") return true;
  if (name == "map_index" || name == "try_number" || name == "version_number" || name == "backfill_id" ||
      name == "event_log_id") {
    return value.size() <= 18 && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  }
  if (value == "." || value == "..") return false;
  if (name == "run_id") {
    return value.size() <= 250 && (value[0] != '.') && std::ranges::all_of(value, [](char c) {
             return id_character(c) || c == '+' || c == ':' || c == '~';
           });
  }
  if (name == "dag_id" && value == "~") return true;
  return value.size() <= limits::id_bytes && std::ranges::all_of(value, id_character);
}

}  // namespace millrace
