#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/limits.h"
#include "cli/commands.h"
#include "dags/parser.h"

namespace millrace::cli {

std::optional<std::string> read_file(const std::string& name) {
  std::error_code error;
  if (name != "-" && std::filesystem::is_directory(name, error)) {
    complain(name + ": is a folder; name its files");
    return std::nullopt;
  }
  std::ifstream in(name == "-" ? "/dev/stdin" : name, std::ios::binary);
  if (!in) {
    complain(name + ": can't be read");
    return std::nullopt;
  }
  std::string text;
  char piece[64 << 10];
  while (in.read(piece, sizeof piece) || in.gcount() > 0) {
    text.append(piece, static_cast<std::size_t>(in.gcount()));
    if (text.size() > limits::dag_file_bytes) break;  // the parser says what is wrong with it
  }
  return text;
}

namespace {

/// The daemon doesn't know our file's name: its diagnostics are rendered again, with it.
int explain_diagnostics(const Json& answer, const std::string& name, const std::string& text) {
  Diagnostics diagnostics;
  for (const Json& error : answer["errors"].items) {
    diagnostics.add({static_cast<std::uint32_t>(error["line"].integer()),
                     static_cast<std::uint32_t>(error["column"].integer())},
                    error["msg"].shown(), error["hint"].shown());
  }
  complain(render(diagnostics, name, text));
  return refused;
}

}  // namespace

int schema() {
  print(dag_json_schema() + "\n");
  return ok;
}

int validate(Context& context, const std::vector<std::string>& files) {
  int code = ok;
  for (const std::string& name : files) {
    const auto text = read_file(name);
    if (!text) {
      code = refused;
      continue;
    }
    const ParseResult result = parse_dag(*text);
    if (!result.dag) {
      complain(render(result.diagnostics, name, *text));
      code = refused;
    } else if (context.json) {
      print(object_of({text_member("file", name), text_member("dag_id", result.dag->dag_id),
                       fmt::format("\"task_count\":{}", result.dag->tasks.size())}) +
            "\n");
    } else {
      print(fmt::format("{}: ok, DAG '{}' with {} task{}\n", name, result.dag->dag_id,
                        result.dag->tasks.size(), result.dag->tasks.size() == 1 ? "" : "s"));
    }
  }
  return code;
}

int submit(Context& context, const std::vector<std::string>& files) {
  int code = ok;
  for (const std::string& name : files) {
    const auto text = read_file(name);
    if (!text) {
      code = refused;
      continue;
    }
    const auto reply = context.client().send("POST", "/api/v2/dags", *text, "text/yaml");
    if (!reply) {
      complain(reply.error().message);
      return unreachable;
    }
    const auto answer = read_json(reply->body);
    if (reply->status == 422 && answer && !(*answer)["errors"].items.empty()) {
      code = explain_diagnostics(*answer, name, *text);
    } else if (reply->status >= 300 || !answer) {
      code = explain_refusal(*reply);
    } else if (!print_json(context, *answer)) {
      print(fmt::format(
          "{}: DAG '{}' {}, version {}{}\n", name, (*answer)["dag_id"].shown(),
          (*answer)["changed"].is_true() ? "submitted" : "unchanged", (*answer)["version_number"].shown(),
          (*answer)["is_paused"].is_true() ? " (paused: `millrace dags unpause` starts its schedule)" : ""));
    }
  }
  return code;
}

}  // namespace millrace::cli
