#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "cli/commands.h"
#include "cli/table.h"
#include "dags/parser.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t range_not_satisfiable = 416;

/// A folder that only this user may enter, gone at the end unless it is kept.
class PrivateFolder {
 public:
  explicit PrivateFolder(bool keep) : keep_(keep) {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "millrace-run-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    if (path_.empty()) return;
    std::error_code error;
    if (keep_) {
      complain(fmt::format("kept: {}", path_.string()));
    } else {
      fs::remove_all(path_, error);
    }
    if (error) complain(fmt::format("{} can't be removed: {}", path_.string(), error.message()));
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool keep_;
};

/// Prints what the tries of a run write, in whole lines, each with its task's name before it.
class Logs {
 public:
  Logs(Context& context, std::string run_path) : context_(context), run_path_(std::move(run_path)) {}

  /// What is new since the last look. `all`: the run has ended, and nothing is left out.
  int look(bool all) {
    for (int offset = 0;; offset += 1'000) {
      const auto page =
          fetch(context_, fmt::format("{}/taskInstances?limit=1000&offset={}", run_path_, offset));
      if (!page) return page.error();
      for (const Json& instance : (*page)["task_instances"].items) look_at(instance, all);
      if (offset + 1'000 >= (*page)["total_entries"].integer()) return ok;
    }
  }

 private:
  struct Tail {
    std::int64_t number = 1, offset = 0;
    std::string state, line;
    bool over = false;
  };

  void look_at(const Json& instance, bool all) {
    const std::string task = instance["task_id"].shown();
    const std::int64_t map = instance["map_index"].integer(), newest = instance["try_number"].integer();
    const std::string name = map < 0 ? task : fmt::format("{}[{}]", task, map);
    const std::string state = instance["state"].shown(), reason = instance["reason"].shown();
    Tail& tail = tails_[name];
    const bool moved = state != tail.state;
    if (moved && state == "running") print_move(name, state);
    const bool final = state == "success" || state == "failed" || state == "skipped" ||
                       state == "upstream_failed" || state == "removed";
    for (; tail.number <= newest && !tail.over; ++tail.number, tail.offset = 0) {
      read(tail, name, fmt::format("{}/taskInstances/{}/logs/{}?map_index={}", run_path_, escaped(task),
                                   tail.number, map));
      // A try that has ended writes no more: its log is read once after that was seen.
      if (tail.number == newest && !final && !all) break;
      if (!tail.line.empty()) print_line(name, std::exchange(tail.line, {}));
    }
    if (moved && (state == "up_for_retry" || final))
      print_move(name, reason.empty() ? state : fmt::format("{} ({})", state, reason));
    tail.state = state;
    tail.over = final;
  }

  void read(Tail& tail, const std::string& name, const std::string& path) {
    const auto status = context_.client().stream(path, tail.offset, [&](std::string_view piece) {
      tail.offset += static_cast<std::int64_t>(piece.size());
      for (std::size_t end; (end = piece.find('\n')) != piece.npos; piece.remove_prefix(end + 1))
        print_line(name, std::exchange(tail.line, {}) + std::string(piece.substr(0, end)));
      tail.line += piece;
    });
    if (status && *status >= 400 && *status != range_not_satisfiable && *status != 404)
      complain(fmt::format("the log of {} can't be read ({})", name, *status));
  }

  void print_move(const std::string& name, const std::string& state) {
    show_progress(context_, "");
    print(fmt::format("{} is {}\n", name, state));
  }

  void print_line(const std::string& name, const std::string& line) {
    show_progress(context_, "");
    print(fmt::format("{} | {}\n", name, line));
  }

  Context& context_;
  std::string run_path_;
  std::map<std::string, Tail> tails_;
};

/// Until the run has ended. The first signal cancels it; its tasks get the time that they ask for to end.
int follow(Context& context, const LocalDaemon& daemon, const std::string& dag_id,
           const std::string& run_id) {
  const std::string path = fmt::format("/api/v2/dags/{}/dagRuns/{}", escaped(dag_id), escaped(run_id));
  Logs logs(context, path);
  bool cancelled = false;
  for (;;) {
    if (daemon.ended()) return complain("the run's daemon gave up"), refused;
    if (daemon.signals() > 0 && !cancelled) {
      cancelled = true;
      show_progress(context, "");
      complain("cancelling the run; its tasks are being ended");
      if (const auto asked = send(context, "POST", path + "/cancel"); !asked) return asked.error();
    }
    const auto run = fetch(context, path);
    if (!run) return run.error();
    const std::string state = (*run)["state"].shown();
    const bool over = state == "success" || state == "failed";
    if (!context.json)
      if (const int code = logs.look(over); code != ok) return code;
    if (over) {
      show_progress(context, "");
      if (!print_json(context, *run)) {
        const std::string reason = (*run)["reason"].shown();
        print(fmt::format("{} {}: {}{} in {}\n", dag_id, run_id, state,
                          reason.empty() ? "" : " (" + reason + ")",
                          render_seconds((*run)["duration"].shown())));
      }
      return state == "success" ? ok : refused;
    }
    show_progress(context, run_progress(*run));
    pause_ms(100);
  }
}

int run_in(Context& context, const LocalDaemon& daemon, const RunOptions& options, const std::string& text) {
  const auto dag = send(context, "POST", "/api/v2/dags", text, "text/yaml");
  if (!dag) return dag.error();
  const std::string dag_id = (*dag)["dag_id"].shown();
  const auto body = run_body(options);
  if (!body) return usage;
  const auto run = send(context, "POST", fmt::format("/api/v2/dags/{}/dagRuns", escaped(dag_id)), *body);
  if (!run) return run.error();
  return follow(context, daemon, dag_id, (*run)["dag_run_id"].shown());
}

}  // namespace

int run_local(Context& context, const RunOptions& options, const StartLocal& start) {
  if (!run_body(options)) return usage;
  const auto text = read_file(options.dag_id);
  if (!text) return refused;
  const ParseResult parsed = parse_dag(*text);
  if (!parsed.dag) return complain(render(parsed.diagnostics, options.dag_id, *text)), refused;
  std::error_code error;
  const fs::path file = fs::absolute(options.dag_id, error);  // of `-` too: tasks run beside it
  const PrivateFolder folder(options.keep);
  if (folder.path().empty()) return complain("no temporary folder can be made; set TMPDIR"), refused;
  ServeOptions serve;
  serve.data_dir = (folder.path() / "data").string();
  serve.dags_dir = file.parent_path().string();
  serve.config_file = options.config_file;
  serve.log_level = "error";
  serve.given = {"data", "dags", "log-level"};
  const auto daemon = start(serve);
  if (!daemon) return complain(daemon.error().message), refused;
  Context inner;
  inner.json = context.json;
  inner.color = context.color;
  inner.progress = context.progress;
  inner.url = (*daemon)->url();
  inner.data_dir = serve.data_dir;
  return run_in(inner, **daemon, options, *text);
}

}  // namespace millrace::cli
