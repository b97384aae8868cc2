// What a task wrote to $MILLRACE_OUTPUT, and the end of a Parquet file that it made.
#include "api/json.h"
#include "daemon/outputs.h"
#include "data/parquet_footer.h"
#include "input.h"

using namespace millrace;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  if (in.chance(50)) {
    const TaskOutputs read = parse_outputs(in.rest());
    std::string last;
    for (const Output& output : read.outputs) {
      fuzz::claim(!output.key.empty() && output.key > last, "keys are sorted, each once");
      last = output.key;
      fuzz::claim(parse_json(output.value).has_value(), "an output is JSON");
    }
    return 0;
  }
  if (const auto footer = parse_parquet_metadata(in.rest()))
    for (const auto& [name, type] : footer->columns) fuzz::claim(!type.empty(), "a column has a type");
  return 0;
}
