// The conf of a run against the params of its DAG: refused with words, or complete and accepted again.
#include "dags/parser.h"
#include "input.h"

using namespace millrace;

namespace {

constexpr const char* file = R"(dag_id: p
params:
  name: {type: string, default: x}
  days: {type: integer, default: 7, minimum: 1, maximum: 90}
  rate: {type: number, default: 0.5}
  on: {type: boolean, default: false}
  kind: {type: string, enum: [a, b], default: a}
tasks: {t: {command: ["true"]}}
)";

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ParseResult parsed = parse_dag(file);
  fuzz::claim(parsed.dag != nullptr, "the target's own DAG is one");
  const auto params = resolve_params(*parsed.dag, fuzz::Input(data, size).rest());
  if (!params) {
    fuzz::claim(!params.error().message.empty(), "a refusal has words");
    return 0;
  }
  const auto again = resolve_params(*parsed.dag, *params);
  fuzz::claim(again && *again == *params, "what is complete stays as it is");
  return 0;
}
