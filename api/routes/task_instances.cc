#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", RUN "/taskInstances", viewer, h::list_task_instances,
     {.id = "get_task_instances",
      .summary = "List task instances",
      .about = "`~` as DAG and run lists those of all.",
      .query = "limit offset order_by:task_instance state:task task_id",
      .reply = "TaskInstanceCollection"}},
    {"GET", TI, viewer, h::get_task_instance,
     {.id = "get_task_instance", .summary = "Get a task instance", .reply = "TaskInstance"}},
    {"PATCH", TI, operator_, h::patch_task_instance,
     {.id = "patch_task_instance",
      .summary = "Mark a task instance, or note something",
      .body = "TaskInstancePatch",
      .reply = "TaskInstanceCollection"}},
    {"GET", TI "/listMapped", viewer, h::list_mapped,
     {.id = "get_mapped_task_instances",
      .summary = "List the instances of a mapped task",
      .query = "limit offset order_by:task_instance state:task",
      .reply = "TaskInstanceCollection"}},
    {"GET", TI "/tries", viewer, h::list_tries,
     {.id = "get_task_instance_tries",
      .summary = "List the tries of a task instance",
      .reply = "TryCollection"}},
    {"GET", TI "/tries/{try_number}", viewer, h::get_try,
     {.id = "get_task_instance_try_details", .summary = "Get a try of a task instance", .reply = "Try"}},
    {"GET", TI "/explain", viewer, h::explain_task_instance,
     {.id = "explain_task_instance",
      .summary = "Say what a task instance waits for",
      .reply = "Explanation"}},
    {"GET", TI "/xcomEntries", viewer, h::list_xcoms,
     {.id = "get_xcom_entries", .summary = "List the outputs of a task instance", .reply = "XComCollection"}},
    {"GET", TI "/xcomEntries/{key}", viewer, h::get_xcom,
     {.id = "get_xcom_entry", .summary = "Get an output of a task instance", .reply = "XCom"}},
    {"GET", TI "/logs/{try_number}", viewer, h::get_log,
     {.id = "get_log",
      .summary = "Read the log of a try",
      .about = "As bytes unless `Accept` names application/json; the JSON answer is a piece of it, and its "
               "token leads on.",
      .query = "token",
      .headers = "Range",
      .reply = "Log",
      .also = "text/plain 206:text/plain",
      .refuses = "416"}},
    {"GET", MAPPED, viewer, h::get_task_instance,
     {.id = "get_mapped_task_instance",
      .summary = "Get one instance of a mapped task",
      .reply = "TaskInstance"}},
    {"PATCH", MAPPED, operator_, h::patch_task_instance,
     {.id = "patch_task_instance_by_map_index",
      .summary = "Mark one instance of a mapped task, or note something",
      .body = "TaskInstancePatch",
      .reply = "TaskInstanceCollection"}},
    {"GET", MAPPED "/tries", viewer, h::list_tries,
     {.id = "get_mapped_task_instance_tries",
      .summary = "List the tries of one instance of a mapped task",
      .reply = "TryCollection"}},
    {"GET", MAPPED "/tries/{try_number}", viewer, h::get_try,
     {.id = "get_mapped_task_instance_try_details",
      .summary = "Get a try of one instance of a mapped task",
      .reply = "Try"}},
    {"GET", MAPPED "/explain", viewer, h::explain_task_instance,
     {.id = "explain_mapped_task_instance",
      .summary = "Say what one instance of a mapped task waits for",
      .reply = "Explanation"}},
};
// clang-format on

}  // namespace

Resource task_instance_routes() {
  return {"Task instances", "A task in a run: its state, its tries, why it waits, its outputs and logs.",
          table};
}

}  // namespace millrace
