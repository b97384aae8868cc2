#include "dags/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/limits.h"
#include "base/sha256.h"
#include "dags/form_check.h"
#include "dags/keys.h"
#include "dags/read.h"
#include "dags/yaml_reader.h"

namespace millrace {
namespace {

/// In the order of the file, each thing once, and no more than anyone reads.
void tidy(Diagnostics& diagnostics) {
  auto& entries = diagnostics.entries;
  std::ranges::sort(entries, [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.place, a.message, a.hint) < std::tie(b.place, b.message, b.hint);
  });
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  if (entries.size() <= limits::diagnostics_per_file) return;
  const std::size_t hidden = entries.size() - limits::diagnostics_per_file;
  entries.resize(limits::diagnostics_per_file);
  diagnostics.add({}, fmt::format("and {} more", hidden));
}

}  // namespace

ParseResult parse_dag(std::string_view text) {
  ParseResult result;
  YamlResult yaml = read_yaml(text);
  result.diagnostics = std::move(yaml.diagnostics);
  if (!result.diagnostics.empty()) return result;
  const YamlNode root = yaml.tree.root();
  check_form(root, dag_form, "the DAG", result.diagnostics);
  auto dag = std::make_shared<Dag>();
  if (root.is_map()) {
    DagDraft draft{.dag = *dag, .out = result.diagnostics, .root = root};
    read_dag(draft);
  }
  if (!result.diagnostics.empty()) {
    tidy(result.diagnostics);
    return result;
  }
  append_canonical(dag->canonical, root, dag_form);
  dag->hash = sha256_hex(dag->canonical);
  result.dag = std::move(dag);
  return result;
}

}  // namespace millrace
