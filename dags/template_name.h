#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dags/template.h"

namespace millrace {

/// What is known of a value before it exists: `any` may turn out to be a date.
enum class ValueType : std::uint8_t { date, text, any };

struct NameCheck {
  std::string problem, hint;  ///< no problem: the name is good
  ValueType type = ValueType::any;
};

/// Whether `name` is a value of the language, and in this DAG.
NameCheck check_name(std::string_view name, const TemplateScope&);

/// `tasks.X.output.Y` -> X.
std::optional<std::string_view> task_reference(std::string_view name);

/// For text that isn't a value: what users of Jinja or of Airflow should write instead. May be empty.
std::string habit_hint(std::string_view text);

}  // namespace millrace
