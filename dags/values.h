#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "dags/yaml_reader.h"

/// What a scalar of the language means. Each reads a node of the right shape and gives nothing for any other.
namespace millrace {

/// `30s 10m 1h 7d 1h30m 250ms`; largest unit first, never a bare number.
std::optional<Duration> parse_duration(std::string_view);
/// `512MiB 8GiB` (powers of 1024), `2GB` (powers of 1000), `100B`. In bytes.
std::optional<std::int64_t> parse_size(std::string_view);

/// `[A-Za-z0-9_.-]{1,200}`, but not `.` or `..`: ids become file names.
bool is_id(std::string_view);
/// A name that an environment variable may have.
bool is_name(std::string_view);

std::optional<bool> as_boolean(YamlNode);
std::optional<std::int64_t> as_integer(YamlNode);
std::optional<double> as_number(YamlNode);
std::optional<Duration> as_duration(YamlNode);
std::optional<std::int64_t> as_size(YamlNode);

/// The first eight bytes as a number that sorts as the text does: most comparisons of a long list end there.
std::uint64_t sort_prefix(std::string_view);

/// Compact JSON with sorted keys. Plain `true`, `false` and JSON numbers keep their type; all else is text.
void append_json(std::string& out, YamlNode);
/// A JSON string literal.
void append_json_text(std::string& out, std::string_view);
/// Whether a plain scalar is a number as JSON writes it.
bool is_json_number(std::string_view);

}  // namespace millrace
