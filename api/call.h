#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/auth.h"
#include "api/backend.h"
#include "api/http.h"
#include "api/json.h"
#include "api/problem.h"
#include "api/readers.h"
#include "base/clock.h"
#include "dags/moment.h"

namespace millrace {

/// Number and time of DAG versions, remembered: a run's answer names its version, whose row holds the whole
/// source.
class VersionFacts {
 public:
  struct Facts {
    std::string dag_id;
    int number = 0;
    WallTime created_at;
    std::string hash, file_name;
  };
  std::optional<Facts> find(StoreReader&, DagVersionId);

 private:
  std::mutex mutex_;
  std::map<DagVersionId, Facts> known_;
};

class Access;
class Logins;
class KeysInFlight;
class OpenStreams;
class HttpMetrics;
class EventHub;
class LogIndexes;
class StreamSlots;

/// What handlers may use. One for the server's life.
struct Services {
  Backend& backend;
  Readers& readers;
  const Clock& clock;
  VersionFacts& versions;
  HttpMetrics& http_metrics;
  EventHub& events;
  StreamSlots& streams;
  LogIndexes& log_indexes;
  int data_dir_fd = -1;  ///< logs are opened below it
  std::string data_dir{};  ///< absolute
  Access* access = nullptr;
  Logins* logins = nullptr;
  KeysInFlight* keys = nullptr;
  OpenStreams* open_streams = nullptr;
  std::string cookie_name{};
  bool secure_cookies = false;  ///< behind TLS
  std::string base_url{};       ///< as this machine's browser reaches it: http://127.0.0.1:8080
};

class Call;
using CallPtr = std::shared_ptr<Call>;

/// One request on its way: let in, its ids checked, its body read. Handed from thread to thread, used by one
/// at a time.
class Call {
 public:
  HttpRequest request;
  Principal who;
  bool authenticated = false;                               ///< false only on open routes
  std::vector<std::pair<std::string, std::string>> params;  ///< of the path, decoded and checked
  HeaderList query;
  Services* services = nullptr;
  std::shared_ptr<void> keep;                   ///< the server's core, while an answer may still come
  std::function<void(HttpResponse)> on_answer;  ///< once; from any thread
  std::string request_id;                       ///< `req_…`, in the audit log and in X-Request-Id
  std::string idempotency_key, fingerprint;     ///< empty: none was sent
  std::shared_ptr<void> key_claim;              ///< while it lives, the key is in flight
  std::optional<KeptAnswer> kept;               ///< stored with the effect: the answer to give
  bool answer_to_keep = false;                  ///< the effect is stored, its answer has to follow
  std::optional<Problem> refused;               ///< by the check of commit()

  /// Who asks, for Backend::request. The answer is kept when it is given; commit() keeps it with the effect.
  RequestContext context();
  /// Which DAGs this caller may know of, for looks at the scheduler; empty: all.
  DagFilter sees() const;

  std::string_view param(std::string_view name) const;
  /// A path parameter that is a number (the route's check made sure).
  std::int64_t number(std::string_view name) const;
  std::optional<std::string_view> query_value(std::string_view name) const;
  std::vector<std::string_view> query_values(std::string_view name) const;
  Backend& backend() const { return services->backend; }

  void answer(Answer);
};

/// While it lives, the reader shows what its caller may see, and no more: around everything that answers a
/// call from a reader.
class Narrowed {
 public:
  Narrowed(StoreReader&, const Principal&);
  ~Narrowed();
  Narrowed(const Narrowed&) = delete;
  Narrowed& operator=(const Narrowed&) = delete;

 private:
  StoreReader* reader_;  ///< null: the caller may see everything
};

/// Runs `then` on a reader thread and answers with what it returns; exceptions become a 500 with an id.
void answer_on_reader(const CallPtr&, std::function<Answer(StoreReader&)> then);
/// Whether a change may still be made, looked at in its own step: see RequestContext::check.
using Check = std::function<std::expected<void, Problem>(const Scheduler&, StoreReader&)>;
/// Sends `event` to the loop; after the commit `then` makes the answer on a reader thread. A refusal answers
/// itself.
void commit(const CallPtr&, Event event, std::function<Answer(StoreReader&, const Reply&)> then,
            Check check = {});
/// Copies something out of the scheduler on the loop's thread, then makes the answer on a reader thread.
template <class Seen>
void ask(const CallPtr& call, std::function<Seen(const Scheduler&, Now)> look,
         std::function<Answer(StoreReader&, const Seen&)> then) {
  call->backend().ask(
      [call, look = std::move(look), then = std::move(then)](const Scheduler& scheduler, Now now) {
        auto seen = std::make_shared<Seen>(look(scheduler, now));
        answer_on_reader(call, [then, seen](StoreReader& reader) { return then(reader, *seen); });
      });
}

/// `limit`, `offset`, `order_by` (it may come several times) and `cursor` of a list.
std::expected<Page, Problem> page_of(const Call&);
/// A time as a client writes it, read from that clock if it has no offset; nothing for what isn't one, and
/// outside of the years 1 to 9900.
std::optional<WallTime> given_time(std::string_view, const LocalClock& = {}, OfDay = OfDay::first);
/// A time in the query; nothing when it isn't there.
std::expected<std::optional<WallTime>, Problem> time_in_query(const Call&, std::string_view name,
                                                              const LocalClock& = {},
                                                              OfDay = OfDay::first);
/// The body as a JSON object; an empty body is `{}`.
std::expected<JsonValue, Problem> json_body(const Call&);

/// Drops the members of a PATCH body that `update_mask` doesn't name; 400 when it names one that isn't known.
std::expected<void, Problem> apply_update_mask(const Call&, JsonValue& body,
                                               std::initializer_list<std::string_view> known);

/// Typed access to the members of a JSON object; what is wrong is kept and returned by `done`.
class BodyReader {
 public:
  explicit BodyReader(const JsonValue& object) : object_(object) {}
  /// null and absent are the same: nothing.
  std::optional<std::string> text(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
  /// `clock`: of a time without an offset; UTC but for dates of a DAG (api/dag_dates.h).
  std::optional<WallTime> time(std::string_view name, const LocalClock& clock = {}, OfDay = OfDay::first);
  std::vector<std::string> texts(std::string_view name);
  std::vector<WallTime> times(std::string_view name, const LocalClock& clock = {});
  /// A member that is a JSON object, as text.
  std::optional<JsonText> object(std::string_view name);
  /// Read elsewhere: not an unknown member.
  void accept(std::string_view name) { asked_.emplace_back(name); }
  void refuse(std::string_view name, std::string message);
  /// Members that none of the calls above asked for are errors too, with the nearest known name.
  std::expected<void, Problem> done();

 private:
  const JsonValue* look(std::string_view name);
  const JsonValue& object_;
  std::vector<std::string> asked_;
  std::vector<FieldError> errors_;
};

/// Stores access rows, brings Access in step, then answers.
void commit_access(const CallPtr&, std::vector<AccessRow>, RequestContext, std::function<Answer()> then);

/// A person's text about runs of that DAG, without its secrets.
std::string without_secrets(const Call&, std::string_view dag_id, std::string text);

HttpResponse json_response(std::string body, int status = 200);
HttpResponse empty_response();

}  // namespace millrace
