#include "api/handlers.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

void write_health(JsonWriter& out, const DaemonStatus& status, bool all) {
  const std::string_view store = status.store_ok ? "healthy" : "unhealthy";
  out.begin_object();
  out.key("metadatabase").begin_object().text_field("status", store).end_object();
  out.key("scheduler").begin_object().text_field("status", status.last_loop ? "healthy" : "unhealthy");
  time_field(out, "latest_scheduler_heartbeat", status.last_loop);
  out.end_object();
  // Airflow's other parts are in the one daemon here.
  out.key("triggerer")
      .begin_object()
      .null_field("status")
      .null_field("latest_triggerer_heartbeat")
      .end_object();
  out.key("dag_processor")
      .begin_object()
      .null_field("status")
      .null_field("latest_dag_processor_heartbeat")
      .end_object();
  if (all) {
    out.key("millrace").begin_object();
    out.text_field("version", status.version);
    time_field(out, "started_at", status.started_at);
    out.text_field("isolation", status.isolation).word_field("hold", status.hold);
    out.int_field("active_runs", static_cast<std::int64_t>(status.active_runs));
    out.int_field("live_attempts", static_cast<std::int64_t>(status.live_attempts));
    out.word_field("store_detail", status.store_detail);
    out.end_object();
  }
  out.end_object();
}

}  // namespace

/// Open to all: says only whether it is well; the figures, of all DAGs, are for those who may see all.
void health(const CallPtr& call) {
  call->backend().status([call](const DaemonStatus& status) {
    JsonWriter out;
    write_health(out, status, call->authenticated && call->who.dags.empty());
    call->answer(json_response(out.take()));
  });
}

void version(const CallPtr& call) {
  call->backend().status([call](const DaemonStatus& status) {
    JsonWriter out;
    out.begin_object().text_field("version", status.version).null_field("git_version").end_object();
    call->answer(json_response(out.take()));
  });
}

}  // namespace millrace::handlers
