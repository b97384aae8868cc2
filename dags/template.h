#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/error.h"

namespace millrace {

// What this file knows: the text between `{{` and `}}`, which names and filters exist, how values are
// printed. What it doesn't: where values come from; a look-up function brings them when a task starts.
//
//   template = { text | "{{" ( value | quoted ) "}}" }
//   value    = name { "|" filter [ "(" argument ")" ] }
//   name     = ds ds_nodash ts ts_nodash execution_date logical_date data_interval_start data_interval_end
//              prev_ds next_ds prev_data_interval_start_success run_id dag_id task_id map_index try_number
//              data_dir item item.KEY params.NAME env.NAME outputs.NAME inputs.NAME
//              tasks.TASK.output.KEY tasks.TASK.output.KEY.KEY
//   filter   = ds ts json shell basename date_add(-7d) strftime("%Y/%m") in_timezone("Europe/Paris")
//              default("x")
//   quoted   = "text" or 'text', standing for itself: `{{ "{{" }}` writes two braces
//
// Dates are instants until a filter prints them; text that is an ISO date counts as one. `date_add` adds
// s m h d w of elapsed time (1d = 24h). An instant without a filter prints like `ts`, a date without a time
// of day like `ds`.

/// One `| name(arg)` of a template. The set is closed (see template.cc).
struct Filter {
  enum class Kind : std::uint8_t {
    ds,
    ts,
    date_add,
    strftime,
    in_timezone,
    default_value,
    json,
    shell,
    basename
  };
  Kind kind;
  std::string argument;  ///< as written, unquoted; empty when the filter takes none
  friend bool operator==(const Filter&, const Filter&) = default;
};

/// Text with `{{ name | filter(arg) }}` in it, already checked. A closed language: no loops, calls or
/// expressions.
struct Template {
  struct Part {
    std::string literal;  ///< used when `name` is empty
    std::string name;     ///< "ds", "params.window_days", "tasks.list.output.files", "item.region"
    std::vector<Filter> filters;
    Place place;  ///< of the `{{`
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::string source;  ///< exactly as in the file, for the canonical form
  std::vector<Part> parts;
  Place place;

  bool is_literal() const { return parts.empty() || (parts.size() == 1 && parts[0].name.empty()); }
  friend bool operator==(const Template&, const Template&) = default;
};

/// What a DAG file defines, so that names in templates can be checked where they stand.
struct TemplateScope {
  std::vector<std::string_view> params, env, secrets, outputs, inputs, tasks;
  bool tasks_sorted = false;   ///< then a task is found by halving: worth it with 100,000 of them
  bool params_allowed = true;  ///< false inside `script:` — the value arrives as $PARAM_NAME instead
  bool item_allowed = false;   ///< true inside a task with `expand`
};

/// Parses one scalar. Unknown names and filters, bad arguments and an unclosed `{{` are diagnostics with the
/// place and a suggestion; then the result is empty. `at` is the place of the scalar's first character in the
/// file.
std::optional<Template> parse_template(std::string_view text, Place at, const TemplateScope&, Diagnostics&);

/// The names of other tasks whose outputs a template reads (`tasks.X.output.Y` -> X): these are dependencies.
std::vector<std::string> tasks_read_by(const Template&);

/// A value handed to a template. Dates keep their type so that `ds`, `date_add`, `strftime` apply; JSON text
/// is unquoted when it is a string and printed compactly otherwise.
struct TemplateValue {
  enum class Kind : std::uint8_t { text, json, time } kind = Kind::text;
  std::string text;          ///< for text and json
  std::int64_t time_us = 0;  ///< for time: UTC microseconds
};

/// Looks a name up at run time; an empty result means "not there" and is an error unless `default(...)`
/// follows.
using TemplateLookup = std::function<std::optional<TemplateValue>(std::string_view name)>;

/// The text, or an error that names the template's place: `12:9: 'tasks.list.output.files' has no value`.
Result<std::string> render(const Template&, const TemplateLookup&);

}  // namespace millrace
