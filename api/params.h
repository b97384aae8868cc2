#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "api/json.h"
#include "api/problem.h"
#include "dags/dag.h"

/// A DAG's params as the API has them: their schemas going out, a run's values coming in.
namespace millrace {

/// The member `params`: of each its default, its description and a JSON Schema of what it takes.
void write_params(JsonWriter&, const Dag&);

/// The complete params of a run; a refusal has one error for each param that is wrong, whose `loc` is
/// (`body`, `field`, the param's name).
std::expected<JsonText, Problem> read_params(std::string_view field, const Dag&, std::string_view conf_json);

}  // namespace millrace
