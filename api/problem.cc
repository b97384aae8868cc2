#include "api/problem.h"

#include <fmt/format.h>

#include <atomic>

#include "api/json.h"
#include "base/log.h"

namespace millrace {
namespace {

/// What Airflow's clients expect of a 422: a list of what is wrong and where.
void write_validation(JsonWriter& out, const Problem& problem) {
  out.begin_array();
  const auto write = [&](const std::vector<std::string>& loc, std::string_view message) {
    out.begin_object().key("loc").begin_array();
    for (const std::string& part : loc) out.string(part);
    out.end_array().text_field("msg", message).text_field("type", problem.code).end_object();
  };
  for (const FieldError& error : problem.errors) write(error.loc, error.msg);
  if (problem.errors.empty()) write({"body"}, problem.detail);
  out.end_array();
}

}  // namespace

HttpResponse to_response(Problem problem) {
  HttpResponse response;
  response.status = problem.status;
  response.headers = std::move(problem.headers);
  response.close = problem.close;
  if (problem.status == 303) {  // a browser goes on and shows nothing of it
    response.content_type = "text/html; charset=utf-8";
    return response;
  }
  JsonWriter out;
  out.begin_object();
  out.key("detail");
  if (problem.status == 422) {
    write_validation(out, problem);
  } else {
    out.string(problem.detail);
  }
  out.text_field("message", problem.detail);
  out.text_field("type", "about:blank");
  out.text_field("title", reason_phrase(problem.status));
  out.int_field("status", problem.status);
  out.text_field("code", problem.code);
  if (!problem.hint.empty()) out.text_field("hint", problem.hint);
  if (!problem.errors.empty()) {
    out.key("errors").begin_array();
    for (const FieldError& error : problem.errors) {
      out.begin_object().key("loc").begin_array();
      for (const std::string& part : error.loc) out.string(part);
      out.end_array();
      if (error.place != Place{})
        out.int_field("line", error.place.line).int_field("column", error.place.column);
      out.text_field("msg", error.msg);
      if (!error.hint.empty()) out.text_field("hint", error.hint);
      out.end_object();
    }
    out.end_array();
  }
  if (!problem.rendered.empty()) out.text_field("rendered", problem.rendered);
  out.end_object();
  response.content_type = "application/problem+json";
  response.body = out.take();
  return response;
}

Problem to_problem(const Error& error) {
  Problem problem;
  problem.detail = error.message;
  switch (error.kind) {
    case ErrorKind::invalid:
      problem.status = 422, problem.code = "invalid";
      break;
    case ErrorKind::not_found:
      problem.status = 404, problem.code = "not_found";
      break;
    case ErrorKind::conflict:
      problem.status = 409, problem.code = "conflict";
      break;
    case ErrorKind::forbidden:
      problem.status = 403, problem.code = "forbidden";
      break;
    case ErrorKind::overloaded:
      problem.status = 429;
      problem.code = "overloaded";
      problem.headers.emplace_back("Retry-After", "1");
      break;
    case ErrorKind::full:
      problem.status = 507;
      problem.code = "disk_full";
      problem.headers.emplace_back("Retry-After", "10");
      break;
    case ErrorKind::unavailable:
      problem.status = 503;
      problem.code = "unavailable";
      problem.headers.emplace_back("Retry-After", "1");
      break;
    case ErrorKind::internal:
      return internal_problem(error.message);
  }
  return problem;
}

Problem to_problem(const Diagnostics& diagnostics, std::string_view file_name, std::string_view text) {
  Problem problem;
  problem.status = 422;
  problem.code = "bad_dag";
  problem.rendered = render(diagnostics, file_name, text);
  const std::size_t count = diagnostics.entries.size();
  problem.detail =
      fmt::format("the DAG file has {} error{}; nothing was changed", count, count == 1 ? "" : "s");
  for (const Diagnostic& entry : diagnostics.entries) {
    problem.errors.push_back({{"body"}, entry.place, entry.message, entry.hint});
  }
  return problem;
}

Problem internal_problem(std::string_view cause) {
  static std::atomic<std::uint64_t> counter{0};
  const std::uint64_t number = ++counter;
  log::error("api error id={} cause={}", number, cause);
  Problem problem;
  problem.status = 500;
  problem.code = "internal";
  problem.detail = fmt::format("something went wrong here; the daemon's log has it as id={}", number);
  return problem;
}

std::unexpected<Problem> refuse_field(std::string field, std::string message, std::string hint) {
  Problem problem;
  problem.status = 422;
  problem.code = "invalid";
  problem.detail = fmt::format("{}: {}", field, message);
  problem.hint = hint;
  problem.errors.push_back({{"body", std::move(field)}, {}, std::move(message), std::move(hint)});
  return std::unexpected(std::move(problem));
}

}  // namespace millrace
