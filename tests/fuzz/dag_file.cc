// A DAG file as a stranger may write it: either a Dag, or what is wrong with its place; the same each time.
#include "dags/dag.h"
#include "dags/parser.h"
#include "input.h"

using namespace millrace;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Input(data, size).rest();
  const ParseResult first = parse_dag(text);
  fuzz::claim((first.dag == nullptr) == !first.diagnostics.empty(), "a Dag or a reason, not both");
  for (const Diagnostic& one : first.diagnostics.entries) {
    fuzz::claim(!one.message.empty(), "a reason has words");
  }
  if (!first.dag) return 0;
  const ParseResult again = parse_dag(text);
  fuzz::claim(again.dag && again.dag->hash == first.dag->hash, "the same text is the same version");
  // JSON is YAML: what is stored of a DAG can be read again.
  const ParseResult stored = parse_dag(first.dag->canonical);
  fuzz::claim(!first.dag->canonical.empty(), "a Dag has a canonical form");
  if (stored.dag) fuzz::claim(stored.dag->hash == first.dag->hash, "the canonical form is its own");
  return 0;
}
