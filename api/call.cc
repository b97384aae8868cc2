#include "api/call.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "api/access.h"
#include "api/open_streams.h"
#include "base/invariant.h"
#include "base/limits.h"
#include "base/log.h"

namespace millrace {
namespace {

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// From year 1, as clients know none before, to year 9900: intervals and next ticks of it still have four
/// digits.
constexpr WallTime earliest{-62'135'596'800'000'000}, latest{250'246'627'200'000'000};

/// Whole numbers may come as 842.0: to JSON Schema, and to some clients, they are the same.
std::optional<std::int64_t> whole_number(const JsonValue& value) {
  if (value.is(JsonValue::Kind::integer)) return value.integer;
  double number = 0;
  const std::string& text = value.text;
  if (!value.is(JsonValue::Kind::number) ||
      std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) {
    return std::nullopt;
  }
  constexpr double exact = 9'007'199'254'740'992.0;  // beyond it a double isn't one whole number
  if (number != std::trunc(number) || std::abs(number) > exact) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

}  // namespace

std::optional<VersionFacts::Facts> VersionFacts::find(StoreReader& reader, DagVersionId id) {
  if (!id) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = known_.find(id); at != known_.end()) return at->second;
  }
  const auto row = reader.dag_version(id);
  if (!row) return std::nullopt;
  Facts facts{row->dag_id, row->number, row->created_at, row->hash, row->file_name};
  const std::lock_guard lock(mutex_);
  if (known_.size() > 10'000) known_.clear();  // a bound, not a policy: it fills again
  known_[id] = facts;
  return facts;
}

std::string_view Call::param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  const bool of_the_route = false;  // a handler asked for a parameter that its route doesn't have
  INVARIANT(of_the_route);
  return {};
}

std::int64_t Call::number(std::string_view name) const { return to_integer(param(name)).value_or(0); }

std::optional<std::string_view> Call::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Call::query_values(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : query) {
    if (key == name) out.push_back(value);
  }
  return out;
}

DagFilter Call::sees() const {
  if (who.dags.empty()) return {};
  return [who = who](std::string_view dag_id) { return who.may_see(dag_id); };
}

Narrowed::Narrowed(StoreReader& reader, const Principal& who)
    : reader_(who.dags.empty() ? nullptr : &reader) {
  if (reader_ == nullptr) return;
  std::vector<std::string> seen = reader.dag_ids();
  std::erase_if(seen, [&](const std::string& dag_id) { return !who.may_see(dag_id); });
  reader.see_only(Scope(std::move(seen)));
}

Narrowed::~Narrowed() {
  if (reader_ != nullptr) reader_->see_only(std::nullopt);
}

RequestContext Call::context() {
  RequestContext context;
  context.who = who.name;
  context.token_id = who.token_id;
  context.role = to_word(who.role);
  context.remote = request.remote;
  context.method = request.method;
  context.path = request.path;
  context.request_id = request_id;
  context.key = idempotency_key;
  context.fingerprint = fingerprint;
  answer_to_keep = !idempotency_key.empty();
  return context;
}

void Call::answer(Answer answer) {
  if (!on_answer) return;
  auto send = std::exchange(on_answer, nullptr);
  HttpResponse response = answer ? std::move(*answer) : to_response(std::move(answer.error()));
  response.headers.emplace_back("X-Request-Id", request_id);
  if (response.stream) response.stream = services->open_streams->guard(who, std::move(response.stream));
  const bool keep_now = answer_to_keep && response.status < 300 && !response.file;
  // Whoever has the answer may ask again at once. After a 5xx the effect may still be on its way (a full
  // disk): the claim then goes with this call, which the batch that waits holds on to.
  if (!keep_now && response.status < 500) key_claim.reset();
  if (!keep_now) return send(std::move(response));
  answer_to_keep = false;
  KeptAnswerRow row{who.token_id, idempotency_key, fingerprint, services->clock.now().wall, response.status,
                    response.content_type, response.body};
  if (row.body.size() > limits::idempotency_body_bytes) row.status = 0, row.body.clear();
  auto held = std::make_shared<HttpResponse>(std::move(response));
  services->backend.change_access({std::move(row)}, {},
                                  [core = keep, claim = std::move(key_claim), send = std::move(send), held](
                                      const Result<void>&) mutable {
                                    claim.reset();
                                    send(std::move(*held));
                                  });
}

void answer_on_reader(const CallPtr& call, std::function<Answer(StoreReader&)> then) {
  call->services->readers.post_on([call, then = std::move(then)](StoreReader& reader) {
    try {
      const Narrowed narrowed(reader, call->who);
      call->answer(then(reader));
    } catch (const std::exception& e) {
      call->answer(std::unexpected(internal_problem(e.what())));
    }
  });
}

namespace {

/// The answer while its effect is being committed; nothing when it can't be made or is too large to keep.
std::optional<KeptAnswer> answer_to_keep(const Call& call,
                                         const std::function<Answer(StoreReader&, const Reply&)>& then,
                                         StoreReader& reader, const Reply& reply) {
  try {
    const Narrowed narrowed(reader, call.who);
    Answer made = then(reader, reply);
    if (!made || made->file) return std::nullopt;
    return KeptAnswer{made->status, std::move(made->content_type), std::move(made->body)};
  } catch (const std::exception& e) {
    log::warn("api: an answer can't be kept: {}", e.what());
    return std::nullopt;
  }
}

}  // namespace

void commit(const CallPtr& call, Event event, std::function<Answer(StoreReader&, const Reply&)> then,
            Check check) {
  RequestContext context = call->context();
  if (check) {
    context.check = [call, check = std::move(check)](const Scheduler& scheduler,
                                                     StoreReader& reader) -> Result<void> {
      const Narrowed narrowed(reader, call->who);
      auto may = check(scheduler, reader);
      if (may) return {};
      call->refused = std::move(may.error());
      return fail(ErrorKind::conflict, call->refused->detail);
    };
  }
  if (!call->idempotency_key.empty()) {
    call->answer_to_keep = false;
    context.answer = [call, then](StoreReader& reader, const Reply& reply) {
      call->kept = answer_to_keep(*call, then, reader, reply);
      return call->kept;
    };
  }
  call->backend().request(std::move(event), std::move(context), [call, then = std::move(then)](Reply reply) {
    // A commit that failed may have made an answer too; only a reply without an error may send it.
    if (call->kept && !std::holds_alternative<Error>(reply.body)) {
      HttpResponse response = json_response(std::move(call->kept->body), call->kept->status);
      response.content_type = std::move(call->kept->content_type);
      return call->answer(std::move(response));
    }
    answer_on_reader(call, [call, then, reply = std::move(reply)](StoreReader& reader) -> Answer {
      const Error* error = std::get_if<Error>(&reply.body);
      if (error != nullptr && call->refused) return std::unexpected(std::move(*call->refused));
      if (error != nullptr) return std::unexpected(to_problem(*error));
      return then(reader, reply);
    });
  });
}

std::expected<Page, Problem> page_of(const Call& call) {
  Page page;
  if (const auto text = call.query_value("limit")) {
    const auto limit = to_integer(*text);
    if (!limit || *limit < 0 || *limit > static_cast<std::int64_t>(limits::list_page)) {
      return refuse_field("limit", fmt::format("a number from 0 to {}", limits::list_page));
    }
    page.limit = static_cast<int>(*limit);
  }
  if (const auto text = call.query_value("offset")) {
    const auto offset = to_integer(*text);
    if (!offset || *offset < 0 || *offset > INT32_MAX) return refuse_field("offset", "a number from 0 on");
    page.offset = static_cast<int>(*offset);
  }
  for (const std::string_view key : call.query_values("order_by")) {
    if (key.empty()) return refuse_field("order_by", "names no key");
    if (key.find(',') != key.npos) return refuse_field("order_by", "one key at a time; it may come again");
    page.order_by += fmt::format("{}{}", page.order_by.empty() ? "" : ",", key);
  }
  if (const auto cursor = call.query_value("cursor")) {
    page.after_id = cursor->empty() ? 0 : to_integer(*cursor);
    if (!page.after_id || *page.after_id < 0) return refuse_field("cursor", "not one that this daemon gave");
    if (!page.order_by.empty() && page.order_by != "id")
      return refuse_field("order_by", "a list with a cursor is ordered by id");
  }
  return page;
}

std::optional<WallTime> given_time(std::string_view text, const LocalClock& clock, OfDay of_day) {
  const auto time = parse_moment(text, clock, of_day);
  if (!time || *time < earliest || *time > latest) return std::nullopt;
  return time;
}

std::expected<std::optional<WallTime>, Problem> time_in_query(const Call& call, std::string_view name,
                                                              const LocalClock& clock, OfDay of_day) {
  const auto text = call.query_value(name);
  if (!text) return std::nullopt;
  const auto time = given_time(*text, clock, of_day);
  if (!time)
    return refuse_field(std::string(name), "not an ISO 8601 time", "2001-01-05 or 2001-01-05T00:00:00Z");
  return time;
}

std::expected<JsonValue, Problem> json_body(const Call& call) {
  if (call.request.body.empty()) {
    JsonValue empty;
    empty.kind = JsonValue::Kind::object;
    return empty;
  }
  auto value = parse_json(call.request.body);
  if (!value) return refuse(400, "bad_json", "the body is refused: " + value.error().message);
  if (!value->is(JsonValue::Kind::object)) return refuse(422, "invalid", "the body must be a JSON object");
  return std::move(*value);
}

const JsonValue* BodyReader::look(std::string_view name) {
  asked_.emplace_back(name);
  const JsonValue* value = object_.find(name);
  return value == nullptr || value->is(JsonValue::Kind::null) ? nullptr : value;
}

void BodyReader::refuse(std::string_view name, std::string message) {
  errors_.push_back({{"body", std::string(name)}, {}, std::move(message), {}});
}

std::optional<std::string> BodyReader::text(std::string_view name) {
  const JsonValue* value = look(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is(JsonValue::Kind::string)) return refuse(name, "must be a string"), std::nullopt;
  return value->text;
}

std::optional<bool> BodyReader::boolean(std::string_view name) {
  const JsonValue* value = look(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is(JsonValue::Kind::boolean)) return refuse(name, "must be true or false"), std::nullopt;
  return value->boolean;
}

std::optional<std::int64_t> BodyReader::integer(std::string_view name, std::int64_t low, std::int64_t high) {
  const JsonValue* value = look(name);
  if (value == nullptr) return std::nullopt;
  const auto number = whole_number(*value);
  if (!number || *number < low || *number > high) {
    return refuse(name, fmt::format("must be a whole number from {} to {}", low, high)), std::nullopt;
  }
  return number;
}

std::optional<WallTime> BodyReader::time(std::string_view name, const LocalClock& clock, OfDay of_day) {
  const JsonValue* value = look(name);
  if (value == nullptr) return std::nullopt;
  const bool is_text = value->is(JsonValue::Kind::string);
  const auto time = is_text ? given_time(value->text, clock, of_day) : std::nullopt;
  if (!time) refuse(name, "must be an ISO 8601 time: 2001-01-05 or 2001-01-05T00:00:00Z");
  return time;
}

std::vector<std::string> BodyReader::texts(std::string_view name) {
  std::vector<std::string> out;
  const JsonValue* value = look(name);
  if (value == nullptr) return out;
  if (!value->is(JsonValue::Kind::array)) return refuse(name, "must be a list of strings"), out;
  for (const JsonValue& item : value->items) {
    if (!item.is(JsonValue::Kind::string)) return refuse(name, "must be a list of strings"), out;
    out.push_back(item.text);
  }
  return out;
}

std::vector<WallTime> BodyReader::times(std::string_view name, const LocalClock& clock) {
  std::vector<WallTime> out;
  for (const std::string& text : texts(name)) {
    const auto time = given_time(text, clock);
    if (!time) return refuse(name, fmt::format("'{}' is not an ISO 8601 time", text)), out;
    out.push_back(*time);
  }
  return out;
}

std::optional<JsonText> BodyReader::object(std::string_view name) {
  const JsonValue* value = look(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is(JsonValue::Kind::object)) return refuse(name, "must be a JSON object"), std::nullopt;
  return to_json(*value);
}

std::expected<void, Problem> BodyReader::done() {
  const std::vector<std::string_view> known(asked_.begin(), asked_.end());
  for (const auto& [name, value] : object_.members) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string near = nearest(name, known);
    errors_.push_back(
        {{"body", name}, {}, "unknown member", near.empty() ? "" : "did you mean '" + near + "'?"});
  }
  if (errors_.empty()) return {};
  Problem problem;
  problem.status = 422;
  problem.code = "invalid";
  for (const FieldError& error : errors_) {
    if (!problem.detail.empty()) problem.detail += "; ";
    problem.detail += fmt::format("{}: {}", error.loc.back(), error.msg);
    if (!error.hint.empty()) problem.detail += fmt::format(" ({})", error.hint);
  }
  problem.errors = std::move(errors_);
  return std::unexpected(std::move(problem));
}

std::expected<void, Problem> apply_update_mask(const Call& call, JsonValue& body,
                                               std::initializer_list<std::string_view> known) {
  const auto mask = call.query_values("update_mask");
  if (mask.empty()) return {};
  for (const std::string_view name : mask) {
    if (std::ranges::find(known, name) == known.end())
      return refuse(400, "invalid", fmt::format("update_mask: '{}' can't be changed here", name),
                    fmt::format("these can: {}", fmt::join(known, ", ")));
  }
  std::erase_if(body.members, [&](const JsonMember& member) {
    return std::ranges::find(known, member.name) != known.end() &&
           std::ranges::find(mask, std::string_view(member.name)) == mask.end();
  });
  return {};
}

void commit_access(const CallPtr& call, std::vector<AccessRow> rows, RequestContext context,
                   std::function<Answer()> then) {
  auto held = std::make_shared<std::vector<AccessRow>>(rows);
  call->backend().change_access(
      std::move(rows), std::move(context), [call, held, then = std::move(then)](const Result<void>& done) {
        if (!done) {
          for (const AccessRow& row : *held) {
            if (const auto* token = std::get_if<TokenRow>(&row)) call->services->access->release(token->name);
          }
          return call->answer(std::unexpected(to_problem(done.error())));
        }
        Services& services = *call->services;
        for (const AccessRow& row : *held) services.access->apply(row);
        services.open_streams->end_dead(*services.access, services.clock.now().wall);
        call->answer(then());
      });
}

std::string without_secrets(const Call& call, std::string_view dag_id, std::string text) {
  if (const auto mask = call.backend().secret_mask(dag_id)) mask->hide(text);
  return text;
}

HttpResponse json_response(std::string body, int status) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse empty_response() {
  HttpResponse response;
  response.status = 204;
  return response;
}

}  // namespace millrace
