#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/auth.h"
#include "api/call.h"

namespace millrace {

/// How far a token that is limited to some DAGs may use a route. docs/security.md lists them: a test compares
/// the two.
enum class Reach : std::uint8_t {
  dag,       ///< the path names one DAG, which it must be allowed to see; the default: other routes are shut
  filtered,  ///< answers from a narrowed reader (Narrowed) and asks the scheduler with Call::sees()
  open,      ///< tells nothing of DAGs
  shut,      ///< tells of all of them, or acts on what belongs to all
};
std::string_view to_word(Reach);

/// Who may use a route. There is no default: a route that says nothing doesn't compile.
class Needs {
 public:
  static constexpr Needs nothing() { return Needs(true, Role::viewer, Reach::open); }
  static constexpr Needs role(Role role, Reach reach) { return Needs(false, role, reach); }
  constexpr bool open() const { return open_; }
  constexpr Role least() const { return role_; }
  constexpr Reach reach() const { return reach_; }

 private:
  constexpr Needs(bool open, Role role, Reach reach) : open_(open), role_(role), reach_(reach) {}
  bool open_;
  Role role_;
  Reach reach_;
};

/// Answers from the store alone, on a reader thread.
using ReadHandler = Answer (*)(const Call&, StoreReader&);
/// Looks things up on a reader thread and starts what will answer later; an error answers at once.
using ActHandler = std::expected<void, Problem> (*)(const CallPtr&, StoreReader&);
/// Runs on the I/O thread and must not wait: what has to answer while the readers are busy.
using DirectHandler = void (*)(const CallPtr&);
using Handler = std::variant<ReadHandler, ActHandler, DirectHandler>;

/// Text that has to be there: without a default, leaving it out doesn't compile.
class Said {
 public:
  constexpr Said(const char* text) : text_(text) {}
  constexpr operator std::string_view() const { return text_; }

 private:
  std::string_view text_;
};

/// What the document (/openapi.json) says of a route beside its method, path and permission. Schemas and
/// parameters are named here and described in api/schemas/; openapi_test says which one is missing.
struct RouteDoc {
  Said id;       ///< of the operation, Airflow's where it has one; generated clients name a call by it
  Said summary;  ///< a short imperative sentence without a full stop
  std::string_view about = {};    ///< what the summary leaves open
  std::string_view query = {};    ///< keys of parameters.json, blanks between: `limit offset state:run`
  std::string_view headers = {};  ///< the same
  std::string_view body = {};     ///< schema
  std::string_view reply = {};    ///< schema; empty: no content, or what `also` says
  int status = 200;               ///< of `reply`; 204 without
  std::string_view also = {};     ///< further successes: `201` (same schema), `text/plain`, `206:text/plain`;
                                  ///< 204 and 304 have nothing
  std::string_view refuses = {};  ///< statuses beside those that openapi.cc derives: `404 409`
};

/// Who a route is for.
enum class RouteKind : std::uint8_t {
  json,  ///< programs; a body is JSON
  yaml,  ///< programs; takes a DAG file
  form,  ///< takes a form of one of our own pages, and only from there
  page,  ///< a browser's address bar: who isn't logged in is sent to the login page and comes back
};

/// One line of the table. In `pattern`, `{name}` stands for one segment, checked by its name: see segment_ok.
/// `/{name*}` stands for a segment that no other route begins with, and whatever follows it.
struct Route {
  std::string_view method;
  std::string_view pattern;
  Needs needs;
  Handler handler;
  RouteDoc doc;
  RouteKind kind = RouteKind::json;
};

/// The routes of one resource: one file of api/routes/.
struct Resource {
  std::string_view name;   ///< a heading of the document: `DAG runs`
  std::string_view about;  ///< a sentence
  std::span<const Route> routes;
};

std::span<const Resource> resources();
/// The whole API, resource by resource: what isn't here doesn't exist.
std::span<const Route> routes();

struct Match {
  const Route* route = nullptr;  ///< null: no such path, or not this method
  std::string allow;             ///< the path's methods, for 405 and OPTIONS; empty: no such path
  std::vector<std::pair<std::string, std::string>> params;  ///< decoded once; not yet checked
  bool bad_escape = false;
};
/// Exact match; among the routes of the method a literal segment is preferred to a parameter. HEAD finds
/// GET's route.
Match match_route(std::string_view method, std::string_view raw_path);

/// Whether a decoded segment may be the value of parameter `name`: a strict alphabet for ids, digits for
/// numbers.
bool segment_ok(std::string_view name, std::string_view value);

}  // namespace millrace
