#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "base/diagnostics.h"
#include "base/error.h"

namespace millrace {

/// One thing wrong in a request's body, or in a DAG file.
struct FieldError {
  std::vector<std::string> loc;  ///< `body`, `from_date`
  Place place;                   ///< of a DAG file; {0,0}: none
  std::string msg, hint;
};

/// A refusal, in Airflow's form (`detail`: a sentence, or for 422 a list of {loc, msg, type}) and RFC 9457's;
/// `message` is the sentence always. Written for a person; causes go to the log.
struct Problem {
  int status = 500;
  std::string code;  ///< a word for programs: `not_found`, `conflict`, `bad_token`
  std::string detail;
  std::string hint;
  std::vector<FieldError> errors;
  std::string rendered;  ///< diagnostics as a terminal shows them; empty: none
  HeaderList headers;
  bool close = false;
};

using Answer = std::expected<HttpResponse, Problem>;

HttpResponse to_response(Problem);
/// `internal` keeps its message to the log and answers with an id.
Problem to_problem(const Error&);
Problem to_problem(const Diagnostics&, std::string_view file_name, std::string_view text);
/// Logs `cause` and returns a 500 that names only an id.
Problem internal_problem(std::string_view cause);

inline std::unexpected<Problem> refuse(int status, std::string code, std::string detail,
                                       std::string hint = {}) {
  Problem problem;
  problem.status = status;
  problem.code = std::move(code);
  problem.detail = std::move(detail);
  problem.hint = std::move(hint);
  return std::unexpected(std::move(problem));
}
/// 422 for one member of the body (or one parameter of the query).
std::unexpected<Problem> refuse_field(std::string field, std::string message, std::string hint = {});

}  // namespace millrace
