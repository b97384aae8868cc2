#include "api/shapes.h"

#include <fmt/format.h>

#include "store/secret_texts.h"

namespace millrace {
namespace {

std::optional<double> seconds_between(std::optional<WallTime> start, std::optional<WallTime> end) {
  if (!start || !end) return std::nullopt;
  return static_cast<double>((*end - *start).count()) / 1e6;
}

void duration_field(JsonWriter& out, std::optional<WallTime> start, std::optional<WallTime> end) {
  const auto seconds = seconds_between(start, end);
  out.key("duration");
  if (seconds) {
    out.number(*seconds);
  } else {
    out.null();
  }
}

std::string_view triggered_by_word(RunType type) {
  switch (type) {
    case RunType::scheduled:
      return "timetable";
    case RunType::manual:
      return "rest_api";
    case RunType::backfill:
      return "backfill";
    case RunType::dataset_triggered:
      return "asset";
  }
  return "rest_api";
}

void strings_field(JsonWriter& out, std::string_view name, const std::vector<std::string>& items) {
  out.key(name).begin_array();
  for (const std::string& item : items) out.string(item);
  out.end_array();
}

}  // namespace

void time_field(JsonWriter& out, std::string_view name, std::optional<WallTime> time) {
  if (time) {
    out.text_field(name, to_iso(*time));
  } else {
    out.null_field(name);
  }
}

void date_fields(JsonWriter& out, std::optional<WallTime> date) {
  time_field(out, "logical_date", date);
  time_field(out, "execution_date", date);
}

std::string shown_params(Backend& backend, std::string_view dag_id, const JsonText& params) {
  std::string shown = masked(params);
  const auto mask = backend.secret_mask(dag_id);
  return mask ? hidden_json(shown, *mask) : shown;
}

std::string partition_text(WallTime partition) {
  constexpr std::int64_t day_us = 86'400'000'000;
  return partition.us % day_us == 0 ? to_date(partition) : to_iso(partition);
}

std::string uuid_of(int kind, std::int64_t id) {
  const auto number = static_cast<std::uint64_t>(id);
  return fmt::format("00000000-000{:x}-7000-8{:03x}-{:012x}", kind & 0xf, (number >> 48) & 0xfff,
                     number & 0xffffffffffffull);
}

std::string_view airflow_word(RunType type) {
  return type == RunType::dataset_triggered ? std::string_view{"asset_triggered"} : to_word(type);
}

std::string_view action_word(const Task& task) {
  switch (task.action.index()) {
    case 0:
      return "command";
    case 1:
      return "script";
    case 2:
      return "trigger_dag";
    case 3:
      return "sensor";
    default:
      return "check";
  }
}

void total_fields(JsonWriter& out, std::int64_t total, bool at_least) {
  out.int_field("total_entries", total);
  if (at_least) out.bool_field("total_is_lower_bound", true);
}

std::shared_ptr<const Dag> Shapes::dag_of(DagVersionId id) {
  if (!id) return nullptr;
  if (const auto at = dags_.find(id); at != dags_.end()) return at->second;
  return dags_[id] = services_.backend.dag_version(id);
}

void Shapes::dag_version(JsonWriter& out, DagVersionId id) {
  const auto facts = services_.versions.find(reader_, id);
  if (!facts) {
    out.null();
    return;
  }
  out.begin_object();
  out.text_field("id", uuid_of(2, id.value)).int_field("version_number", facts->number);
  out.text_field("dag_id", facts->dag_id).text_field("dag_display_name", facts->dag_id);
  out.text_field("bundle_name", "dags").text_field("bundle_version", facts->hash).null_field("bundle_url");
  out.text_field("hash", facts->hash).text_field("file_name", facts->file_name);
  time_field(out, "created_at", facts->created_at);
  out.end_object();
}

void Shapes::run(JsonWriter& out, const RunRow& row) {
  const bool scheduled = row.type == RunType::scheduled;
  out.begin_object();
  out.text_field("dag_run_id", row.run_id).text_field("dag_id", row.dag_id);
  out.text_field("dag_display_name", row.dag_id);
  date_fields(out, row.execution_date);
  time_field(out, "data_interval_start", row.data_interval_start);
  time_field(out, "data_interval_end", row.data_interval_end);
  time_field(out, "run_after", scheduled ? row.data_interval_end : row.queued_at);
  time_field(out, "queued_at", row.queued_at);
  time_field(out, "start_date", row.started_at);
  time_field(out, "end_date", row.ended_at);
  duration_field(out, row.started_at, row.ended_at);
  out.text_field("run_type", airflow_word(row.type)).text_field("run_kind", to_word(row.type));
  out.text_field("state", to_word(row.state)).word_field("reason", row.reason);
  out.text_field("triggered_by", triggered_by_word(row.type));
  out.word_field("triggering_user_name", row.triggered_by);
  out.raw_field("conf", shown_params(services_.backend, row.dag_id, row.params)).word_field("note", row.note);
  out.key("dag_versions").begin_array();
  const auto facts = services_.versions.find(reader_, row.dag_version);
  if (facts) dag_version(out, row.dag_version);
  out.end_array();
  out.word_field("bundle_version", facts ? facts->hash : "");
  out.null_field("last_scheduling_decision");
  const bool of_partition = row.type == RunType::dataset_triggered;
  out.word_field("partition_key", of_partition ? partition_text(partition_of(row)) : "");
  time_field(out, "partition_date", of_partition ? std::optional(partition_of(row)) : std::nullopt);
  out.key("backfill_id");
  if (row.backfill) {
    out.integer(row.backfill.value);
  } else {
    out.null();
  }
  out.bool_field("cancel_requested", row.cancel_requested).int_field("rerun", row.rerun);
  out.end_object();
}

void Shapes::task_facts(JsonWriter& out, const TaskInstanceRow& row, const RunRow& run) {
  const auto dag = dag_of(run.dag_version);
  const Task* task = dag && row.task < dag->tasks.size() ? &dag->tasks[row.task] : nullptr;
  const std::string_view action = task ? action_word(*task) : std::string_view{};
  out.text_field("task_id", row.task_id).text_field("task_display_name", row.task_id);
  out.text_field("dag_id", run.dag_id).text_field("dag_display_name", run.dag_id);
  out.text_field("dag_run_id", run.run_id).int_field("map_index", row.map_index);
  out.int_field("max_tries", row.max_tries - 1);  // Airflow counts the retries, not the first try
  out.text_field("pool", row.pool).int_field("pool_slots", task ? task->pool_slots : 1);
  out.text_field("queue", "default").int_field("priority_weight", row.priority);
  out.word_field("operator", action).word_field("operator_name", action);
  out.text_field("executor", "local").text_field("executor_config", "{}").null_field("unixname");
  out.key("dag_version");
  dag_version(out, run.dag_version);
}

void Shapes::task_instance(JsonWriter& out, const TaskInstanceRow& row, const RunRow& run,
                           const AttemptRow* newest) {
  out.begin_object();
  out.text_field("id", uuid_of(1, row.id.value)).int_field("number", row.id.value);
  task_facts(out, row, run);
  date_fields(out, run.execution_date);
  time_field(out, "run_after", run.type == RunType::scheduled ? run.data_interval_end : run.queued_at);
  time_field(out, "scheduled_when", row.scheduled_at);
  time_field(out, "queued_when", row.queued_at);
  time_field(out, "start_date", row.started_at);
  time_field(out, "end_date", row.ended_at);
  duration_field(out, row.started_at, row.ended_at);
  out.word_field("state", row.state == TaskState::none ? std::string_view{} : to_word(row.state));
  out.word_field("reason", row.reason);
  out.int_field("try_number", row.try_number);
  time_field(out, "not_before", row.not_before);
  out.word_field("note", row.note).word_field("changed_by", row.changed_by);
  out.raw_field("item", row.item);
  out.word_field("rendered_map_index", row.map_index < 0 ? "" : std::to_string(row.map_index));
  const bool started = newest != nullptr && newest->start.has_value();
  out.word_field("hostname", started ? newest->start->host : "");
  out.key("pid");
  if (started) {
    out.integer(newest->start->pid);
  } else {
    out.null();
  }
  out.key("rendered_fields").begin_object();
  if (newest != nullptr && !newest->command.empty()) out.text_field("command", newest->command);
  out.end_object();
  out.null_field("trigger").null_field("triggerer_job");
  out.end_object();
}

void Shapes::task_instance(JsonWriter& out, const TaskInstanceRow& row) {
  auto at = runs_.find(row.run);
  if (at == runs_.end()) {
    const auto run = reader_.run(row.run);
    at = runs_.emplace(row.run, run.value_or(RunRow{})).first;
  }
  task_instance(out, row, at->second, nullptr);
}

void Shapes::attempt(JsonWriter& out, const AttemptRow& row, const TaskInstanceRow& instance,
                     const RunRow& run) {
  const auto start = row.start ? std::optional(row.start->at) : std::nullopt;
  const auto end = row.exit ? std::optional(row.exit->at) : std::nullopt;
  out.begin_object();
  task_facts(out, instance, run);
  date_fields(out, run.execution_date);
  out.int_field("try_number", row.try_number).text_field("name", row.name);
  std::string_view state = row.start ? "running" : "queued";
  if (row.outcome) {
    state = *row.outcome == Outcome::success   ? "success"
            : *row.outcome == Outcome::skipped ? "skipped"
                                               : "failed";
  }
  out.text_field("state", state);
  out.word_field("outcome", row.outcome ? to_word(*row.outcome) : std::string_view{});
  time_field(out, "queued_when", row.created_at);
  time_field(out, "scheduled_when", row.created_at);
  time_field(out, "start_date", start);
  time_field(out, "end_date", end);
  duration_field(out, start, end);
  out.word_field("hostname", row.start ? row.start->host : "");
  out.key("pid");
  if (row.start) {
    out.integer(row.start->pid);
  } else {
    out.null();
  }
  out.word_field("command", row.command);
  strings_field(out, "devices", row.devices);
  if (row.exit) {
    out.key("exit").begin_object();
    out.int_field("wait_status", row.exit->wait_status).word_field("message", row.exit->message);
    out.bool_field("timed_out", row.exit->timed_out).bool_field("killed", row.exit->killed);
    out.bool_field("oom", row.exit->oom).bool_field("log_truncated", row.exit->log_truncated);
    out.int_field("user_us", row.exit->user_us).int_field("system_us", row.exit->system_us);
    out.int_field("max_rss_bytes", row.exit->max_rss_bytes);
    out.end_object();
  } else {
    out.null_field("exit");
  }
  out.end_object();
}

void Shapes::backfill(JsonWriter& out, const BackfillRow& row, const std::function<void()>& more) {
  const BackfillSpec& spec = row.spec;
  const auto from = spec.from_date       ? spec.from_date
                    : spec.dates.empty() ? std::nullopt
                                         : std::optional(spec.dates.front());
  const auto to = spec.to_date         ? spec.to_date
                  : spec.dates.empty() ? std::nullopt
                                       : std::optional(spec.dates.back());
  out.begin_object();
  out.int_field("id", row.id.value)
      .text_field("dag_id", spec.dag_id)
      .text_field("dag_display_name", spec.dag_id);
  time_field(out, "from_date", from);
  time_field(out, "to_date", to);
  out.key("dates").begin_array();
  for (const WallTime date : spec.dates) out.string(to_iso(date));
  out.end_array();
  out.raw_field("dag_run_conf", shown_params(services_.backend, spec.dag_id, spec.params));
  out.text_field("state", to_word(row.state)).bool_field("is_paused", row.state == BackfillState::paused);
  out.text_field("reprocess_behavior", to_word(spec.reprocess));
  out.int_field("max_active_runs", spec.max_active_runs).bool_field("run_backwards", spec.run_backwards);
  strings_field(out, "task_ids", spec.task_ids);
  out.bool_field("include_upstream", spec.include_upstream)
      .bool_field("include_downstream", spec.include_downstream);
  out.text_field("dag_version", spec.latest_version ? "latest" : "pinned");
  out.word_field("pool", spec.pool).int_field("priority", spec.priority);
  out.word_field("description", spec.description).word_field("created_by", spec.created_by);
  out.bool_field("cascade", spec.cascade).key("root_backfill_id");
  if (row.root)
    out.integer(row.root.value);
  else
    out.null();
  out.key("reads").begin_array();
  for (const BackfillSource& source : row.sources)
    out.begin_object()
        .int_field("backfill_id", source.backfill.value)
        .int_field("window_days", source.window_days)
        .end_object();
  out.end_array();
  const BackfillCounts& n = row.counts;
  out.key("counts").begin_object();
  out.int_field("total", n.total).int_field("queued", n.queued).int_field("running", n.running);
  out.int_field("success", n.success).int_field("failed", n.failed).int_field("skipped", n.skipped);
  out.int_field("cancelled", n.cancelled).end_object();
  time_field(out, "created_at", row.created_at);
  time_field(out, "started_at", row.started_at);
  time_field(out, "completed_at", row.completed_at);
  time_field(out, "updated_at",
             row.completed_at ? row.completed_at
             : row.started_at ? row.started_at
                              : row.created_at);
  if (more) more();
  out.end_object();
}

}  // namespace millrace
