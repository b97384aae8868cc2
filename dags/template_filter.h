#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "dags/schedule.h"
#include "dags/template.h"
#include "dags/template_name.h"

namespace millrace {

struct FilterCheck {
  std::string problem, hint;  ///< no problem: `kind` and `type` hold
  bool in_argument = false;   ///< the problem is the argument's
  Filter::Kind kind = Filter::Kind::ds;
  ValueType type = ValueType::text;  ///< of what the filter gives
};

/// Whether `name(argument)` is a filter that can follow a value of type `input`.
FilterCheck check_filter(std::string_view name, const std::optional<std::string>& argument, ValueType input);

std::string_view filter_name(Filter::Kind);
/// All filters with their arguments, for hints.
std::string_view filter_names();

/// `-7d`, `+1h30m`, `2w`; at most a thousand years either way.
std::optional<Duration> parse_shift(std::string_view);

/// The instant in the zone by a strftime format that check_filter let through; English names.
std::string format_time(std::string_view format, WallTime, const Zone&);

}  // namespace millrace
