#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/error.h"
#include "dags/dag.h"

namespace millrace {

struct ParseResult {
  std::shared_ptr<const Dag>
      dag;  ///< shared: every run pins the version it was made from. Null on any diagnostic.
  Diagnostics diagnostics;
};

/// The whole language: bytes -> checked Dag or all that is wrong with it. Never throws on bad input.
ParseResult parse_dag(std::string_view text);

/// What this daemon offers, as far as a DAG can ask for it.
struct Capacity {
  struct Pool {
    std::string name;
    int slots;
  };
  std::vector<Pool> pools;
  int gpus = 0;
  std::int64_t cpu_milli = 0;
  std::int64_t memory_bytes = 0;
};
/// Tasks that could never run here: an unknown pool (with suggestion), more slots, GPUs, cpu or memory than
/// there is.
Diagnostics check_capacity(const Dag&, const Capacity&);

/// One thing wrong with a conf. `param` is empty where it is the conf as a whole.
struct ParamFault {
  std::string param, message;  ///< "days", "must be at most 90, not 91"
};
/// All that is wrong with a run's `conf` (a JSON object's text), in the order of the DAG's params.
std::vector<ParamFault> param_faults(const Dag&, std::string_view conf_json);

/// Checks a run's `conf` against the DAG's params and fills in the defaults.
/// The result is the complete params object. All that is wrong is in one message, a line each.
Result<JsonText> resolve_params(const Dag&, std::string_view conf_json);

/// JSON Schema (2020-12) of the language, pretty-printed; a test keeps it and the parser equal.
std::string dag_json_schema();

}  // namespace millrace
