#pragma once

#include <string>
#include <string_view>

#include "dags/dag.h"

namespace millrace {

/// Why this JSON value can't be the param's, in words ("must be an integer, not 'x'"), or empty.
std::string param_problem(const Param&, std::string_view json);
/// Why this isn't a regular expression that can be used, or empty.
std::string pattern_problem(const std::string& pattern);

}  // namespace millrace
