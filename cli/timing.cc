#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/table.h"

/// `millrace status --timing`: where a task's time goes, from the daemon's own counters (/metrics) since its
/// start.
namespace millrace::cli {
namespace {

/// By `name{labels}`, as it stands in the text format.
using Samples = std::map<std::string, double, std::less<>>;

Samples samples_of(std::string_view text) {
  Samples out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t blank = line.rfind(' ');
    if (line.starts_with('#') || blank == line.npos) continue;
    const std::string value(line.substr(blank + 1));
    out[std::string(line.substr(0, blank))] = std::strtod(value.c_str(), nullptr);
  }
  return out;
}

class Measured {
 public:
  explicit Measured(const Samples& samples) : samples_(samples) {}

  double value(std::string_view name) const {
    const auto at = samples_.find(name);
    return at == samples_.end() ? 0 : at->second;
  }
  /// Of all samples whose name begins so.
  double sum(std::string_view family) const {
    double sum = 0;
    for (const auto& [name, value] : samples_)
      if (name.starts_with(family)) sum += value;
    return sum;
  }
  /// The upper bound of the bucket that holds the share; nothing measured: nothing.
  std::string quantile(std::string_view name, double share) const {
    const double count = value(fmt::format("{}_count", name));
    if (count == 0) return {};
    double best = 0;
    for (const auto& [sample, at_most] : samples_) {
      const std::string head = fmt::format("{}_bucket{{le=\"", name);
      if (!sample.starts_with(head) || at_most < share * count) continue;
      const double bound = std::strtod(sample.c_str() + head.size(), nullptr);
      if (best == 0 || bound < best) best = bound;
    }
    return best == 0 || best > 1e9 ? "longer" : fmt::format("<= {:g} ms", best * 1e3);
  }
  std::string mean(std::string_view name) const {
    const double count = value(fmt::format("{}_count", name));
    if (count == 0) return {};
    return fmt::format("{:.2f} ms", value(fmt::format("{}_sum", name)) / count * 1e3);
  }

 private:
  const Samples& samples_;
};

std::string waits(const Measured& measured) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [shown, name] :
       {std::pair{"ready to admitted", "millrace_task_queue_wait_seconds"},
        std::pair{"admitted to its process's start", "millrace_task_dispatch_seconds"},
        std::pair{"a process's end to its being heard", "millrace_exit_report_seconds"},
        std::pair{"a process's end to the next one's start", "millrace_task_hop_seconds"},
        std::pair{"one transaction, sync included", "millrace_store_commit_seconds"},
        std::pair{"a message's wait for the loop", "millrace_loop_lag_seconds"}})
    rows.push_back({shown, fmt::format("{:.0f}", measured.value(fmt::format("{}_count", name))),
                    measured.mean(name), measured.quantile(name, 0.5), measured.quantile(name, 0.99)});
  return render_table({"WAIT", "TIMES", "MEAN", "P50", "P99"}, rows, false);
}

std::string work(const Measured& measured, double attempts) {
  std::vector<std::vector<std::string>> rows;
  double loop = 0;
  const auto add = [&](std::string_view shown, double seconds) {
    rows.push_back({std::string(shown), fmt::format("{:.3f} s", seconds),
                    attempts > 0 ? fmt::format("{:.0f} us", seconds / attempts * 1e6) : ""});
  };
  for (const auto& [shown, part] :
       {std::pair{"apply: the scheduler decides", "apply"},
        std::pair{"render: command and environment", "render"},
        std::pair{"commit: rows written and synced", "commit"},
        std::pair{"publish: to streams and waiting calls", "publish"},
        std::pair{"perform: to the runner, files, answers", "perform"},
        std::pair{"look: questions of the API", "look"}}) {
    const double seconds =
        measured.value(fmt::format("millrace_loop_busy_seconds_total{{part=\"{}\"}}", part));
    loop += seconds;
    add(shown, seconds);
  }
  add("all of these", loop);
  add("CPU of the daemon, all threads", measured.value("process_cpu_seconds_total"));
  return render_table({"WORK OF THE LOOP", "TIME", "A TASK"}, rows, false);
}

}  // namespace

int timing(Context& context) {
  const auto reply = context.client().send("GET", "/metrics", {}, {});
  if (!reply) {
    complain(reply.error().message);
    return unreachable;
  }
  if (reply->status >= 300) return explain_refusal(*reply);
  const auto samples = samples_of(reply->body);
  if (context.json) {
    std::vector<std::string> members;
    for (const auto& [name, value] : samples)
      members.push_back(fmt::format("{}:{}", json_string(name), value));
    print(object_of(members) + "\n");
    return ok;
  }
  const Measured measured(samples);
  const double attempts = measured.sum("millrace_task_attempts_finished_total{");
  print(fmt::format("since the daemon's start: {:.0f} attempts ended, {:.0f} rows in {:.0f} transactions\n\n",
                    attempts, measured.value("millrace_store_committed_rows_total"),
                    measured.value("millrace_store_commit_seconds_count")));
  print(waits(measured) + "\n" + work(measured, attempts));
  return ok;
}

}  // namespace millrace::cli
