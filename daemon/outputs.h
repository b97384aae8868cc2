#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_mask.h"
#include "scheduler/events.h"

namespace millrace {

struct TaskOutputs {
  std::vector<Output> outputs;  ///< by key, the last one of each
  std::string problem;          ///< why the file can't be taken, with its line; empty: all is well
};

/// The text a task wrote to $MILLRACE_OUTPUT: lines `key=value`, blocks `key<<EOF` … `EOF`, or one JSON
/// object a line. A `value` that is a JSON number, true, false or null keeps its type; everything else is a
/// string. Secrets that `mask` (null: none) knows become `*` in values, so that a number with one is a
/// string, and are a problem in keys.
TaskOutputs parse_outputs(std::string_view text, const SecretMask* mask = nullptr);

/// The same from a file; no file is no outputs. Over limits::output_bytes, a link or no regular file: a
/// problem.
TaskOutputs read_outputs(const std::filesystem::path&, const SecretMask* mask = nullptr);

}  // namespace millrace
