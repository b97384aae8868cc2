#include <fmt/format.h>

#include <exception>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "dags/param_check.h"
#include "dags/parser.h"

namespace millrace {
namespace {

using nlohmann::json;

// std::regex recurses with the length of the text; within this bound it can't exhaust the stack.
constexpr std::size_t pattern_text_bytes = 1'024;

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 60) + "…";
  return text;
}

bool has_type(const Param& param, const json& value) {
  if (param.type == "string") return value.is_string();
  if (param.type == "integer") return value.is_number_integer();
  if (param.type == "number") return value.is_number();
  if (param.type == "boolean") return value.is_boolean();
  if (param.type == "array") return value.is_array();
  if (param.type == "object") return value.is_object();
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  if (!parse_iso(text)) return false;
  return param.type == "timestamp" || text.size() == 10;
}

std::string pattern_mismatch(const Param& param, const std::string& text) {
  if (text.size() > pattern_text_bytes)
    return fmt::format("is longer than the {} bytes that a pattern is checked on", pattern_text_bytes);
  try {
    if (std::regex_search(text, std::regex{param.pattern, std::regex::ECMAScript})) return {};
    return fmt::format("must match {}, not \"{}\"", param.pattern, text);
  } catch (const std::regex_error& error) {
    return fmt::format("can't be matched with {}: {}", param.pattern, error.what());
  }
}

std::string problem_of(const Param& param, const json& value) {
  if (!has_type(param, value)) {
    const bool vowel = std::string_view{"aeio"}.contains(param.type.front());
    return fmt::format("must be {} {}, not {}", vowel ? "an" : "a", param.type, shown(value));
  }
  if (!param.enum_values.empty()) {
    for (const JsonText& allowed : param.enum_values)
      if (json::parse(allowed) == value) return {};
    return fmt::format("must be one of {}, not {}", fmt::join(param.enum_values, ", "), shown(value));
  }
  if (value.is_number() && param.minimum && value.get<double>() < *param.minimum)
    return fmt::format("must be at least {}, not {}", *param.minimum, shown(value));
  if (value.is_number() && param.maximum && value.get<double>() > *param.maximum)
    return fmt::format("must be at most {}, not {}", *param.maximum, shown(value));
  if (value.is_string() && !param.pattern.empty())
    return pattern_mismatch(param, value.get_ref<const std::string&>());
  return {};
}

/// Brackets nest less than the limit. Text inside quotes doesn't count.
bool is_shallow(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (text[i] == '[' || text[i] == '{')) {
      if (++depth > limits::json_depth) return false;
    } else if (!quoted && (text[i] == ']' || text[i] == '}')) {
      --depth;
    }
  }
  return true;
}

Result<json> parse_conf(std::string_view text) {
  if (text.empty()) return json::object();
  if (text.size() > limits::params_bytes)
    return fail(ErrorKind::invalid,
                fmt::format("conf has {} bytes; the limit is {}", text.size(), limits::params_bytes));
  if (!is_shallow(text))
    return fail(ErrorKind::invalid, fmt::format("conf is more than {} levels deep", limits::json_depth));
  json conf = json::parse(text, nullptr, false);
  if (conf.is_discarded()) return fail(ErrorKind::invalid, "conf isn't valid JSON");
  if (conf.is_null()) return json::object();
  if (!conf.is_object()) return fail(ErrorKind::invalid, "conf must be a JSON object");
  return conf;
}

}  // namespace

std::string param_problem(const Param& param, std::string_view text) {
  const json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return "isn't valid JSON";
  return problem_of(param, value);
}

std::string pattern_problem(const std::string& pattern) {
  if (pattern.size() > pattern_text_bytes) return "too long";
  try {
    const std::regex tried{pattern, std::regex::ECMAScript};
    return {};
  } catch (const std::exception& error) {
    return error.what();
  }
}

namespace {

struct Resolved {
  json params = json::object();
  std::vector<ParamFault> faults;
};

Resolved resolved(const Dag& dag, const json& conf) {
  Resolved out;
  std::vector<std::string_view> names;
  for (const Param& param : dag.params) {
    names.push_back(param.name);
    const auto given = conf.find(param.name);
    if (given == conf.end()) {
      if (param.default_value)
        out.params[param.name] = json::parse(*param.default_value);
      else
        out.faults.push_back({param.name, "has no default and needs a value"});
      continue;
    }
    if (std::string problem = problem_of(param, *given); !problem.empty())
      out.faults.push_back({param.name, std::move(problem)});
    out.params[param.name] = *given;
  }
  for (const auto& [name, value] : conf.items()) {
    if (out.params.contains(name)) continue;
    const std::string meant = nearest(name, names);
    const std::string hint = meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant);
    out.faults.push_back({name, "isn't a param of this DAG" + hint});
  }
  return out;
}

}  // namespace

std::vector<ParamFault> param_faults(const Dag& dag, std::string_view conf_json) {
  const auto conf = parse_conf(conf_json);
  if (!conf) return {{"", conf.error().message}};
  return resolved(dag, *conf).faults;
}

Result<JsonText> resolve_params(const Dag& dag, std::string_view conf_json) {
  const auto conf = parse_conf(conf_json);
  if (!conf) return std::unexpected(conf.error());
  const Resolved out = resolved(dag, *conf);
  if (out.faults.empty()) return out.params.dump();
  std::vector<std::string> lines;
  for (const ParamFault& fault : out.faults)
    lines.push_back(fmt::format("param '{}' {}", fault.param, fault.message));
  return fail(ErrorKind::invalid, fmt::format("{}", fmt::join(lines, "\n")));
}

}  // namespace millrace
