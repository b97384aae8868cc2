#include <unistd.h>

#include <array>

#include "api/handlers.h"
#include "api/shapes.h"
#include "api/ui_words.h"

/// What the machine has, who uses it, and who used it when.
namespace millrace::handlers {
namespace {

constexpr int attempts_shown = 5'000;
constexpr Duration usual_window = std::chrono::hours{6};
constexpr Duration longest_window = std::chrono::hours{24 * 7};

struct SeenDevice {
  GpuFact gpu;
  std::string attempt;
};
struct SeenMachine {
  MachineUse use;
  std::vector<SeenDevice> devices;
};

SeenMachine look(const Scheduler& scheduler, Now) {
  SeenMachine out{scheduler.machine(), {}};
  for (const auto& [gpu, attempt] : scheduler.devices()) {
    const auto context = attempt ? scheduler.attempt_context(attempt) : std::nullopt;
    out.devices.push_back({gpu, context && context->attempt != nullptr ? context->attempt->name : ""});
  }
  return out;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "localhost";
}

void write_bar(JsonWriter& out, const AttemptBar& bar) {
  out.begin_object().text_field("dag_id", bar.dag_id).text_field("dag_run_id", bar.run_id);
  out.text_field("task_id", bar.task_id).int_field("map_index", bar.map_index);
  out.int_field("try_number", bar.try_number);
  time_field(out, "queued_at", bar.created_at);
  time_field(out, "start", bar.started_at);
  time_field(out, "end", bar.ended_at);
  out.word_field("outcome", bar.outcome ? to_word(*bar.outcome) : std::string_view{}).end_object();
}

}  // namespace

/// One worker as yet: the machine that the daemon runs on.
Started list_workers(const CallPtr& call, StoreReader&) {
  ask<SeenMachine>(call, look, [](StoreReader&, const SeenMachine& machine) -> Answer {
    return list_response(
        "workers", std::vector<int>{0}, 1, [&](JsonWriter& out, int) {
          out.begin_object().text_field("name", host_name()).text_field("state", "running");
          out.int_field("cpu_milli", machine.use.cpu_milli);
          out.int_field("cpu_milli_taken", machine.use.cpu_taken);
          out.int_field("memory_bytes", machine.use.memory_bytes);
          out.int_field("memory_bytes_taken", machine.use.memory_taken);
          out.int_field("attempts", machine.use.attempts).key("devices").begin_array();
          for (const SeenDevice& device : machine.devices) {
            out.begin_object().text_field("uuid", device.gpu.uuid).text_field("model", device.gpu.model);
            out.int_field("memory_bytes", device.gpu.memory_bytes);
            out.bool_field("healthy", device.gpu.healthy).word_field("attempt", device.attempt).end_object();
          }
          out.end_array().end_object();
        });
  });
  return {};
}

/// Attempts by what they took: a lane for each device and each pool.
Answer resource_timeline(const Call& call, StoreReader& reader) {
  const WallTime now = call.services->clock.now().wall;
  const auto from = time_in_query(call, "from");
  if (!from) return std::unexpected(from.error());
  const auto to = time_in_query(call, "to", {}, OfDay::last);
  if (!to) return std::unexpected(to.error());
  const WallTime end = to->value_or(now);
  const WallTime start = from->value_or(end - usual_window);
  if (end < start || end - start > longest_window)
    return refuse_field("from", "before `to`, by 7 days at most");
  const auto bars = reader.views().attempts_between(start, end, attempts_shown);
  std::map<std::pair<std::string_view, std::string>, std::vector<const AttemptBar*>> lanes;
  for (const AttemptBar& bar : bars) {
    for (const std::string& device : bar.devices) lanes[{"device", device}].push_back(&bar);
    if (bar.devices.empty()) lanes[{"pool", bar.pool}].push_back(&bar);
  }
  JsonWriter out;
  out.begin_object();
  time_field(out, "from", start);
  time_field(out, "to", end);
  out.key("lanes").begin_array();
  for (const auto& [lane, of_lane] : lanes) {
    out.begin_object().text_field("kind", lane.first).text_field("name", lane.second);
    out.key("bars").begin_array();
    for (const AttemptBar* bar : of_lane) write_bar(out, *bar);
    out.end_array().end_object();
  }
  out.end_array().bool_field("truncated", bars.size() == static_cast<std::size_t>(attempts_shown));
  out.end_object();
  return json_response(out.take());
}

}  // namespace millrace::handlers
