#pragma once

#include "store/list_filters.h"
#include "store/list_query.h"

/// What the lists of StoreReader can be ordered by. Internal to store/.
namespace millrace {

// The first of each group is the API's word; the rest are Airflow's synonyms.
inline constexpr SortKey run_keys[] = {{"id", "id"},
                                       {"dag_id", "dag_id"},
                                       {"run_id", "run_id"},
                                       {"dag_run_id", "run_id"},
                                       {"execution_date", "execution_date"},
                                       {"logical_date", "execution_date"},
                                       {"run_after", run_after_of_run},
                                       {"data_interval_start", "data_interval_start"},
                                       {"data_interval_end", "data_interval_end"},
                                       {"state", "state"},
                                       {"run_type", "run_type"},
                                       {"queued_at", "queued_at"},
                                       {"start_date", "start_date"},
                                       {"end_date", "end_date"},
                                       {"conf", "params"},
                                       {"duration", "end_date - start_date"}};
inline constexpr SortKey task_instance_keys[] = {{"id", "id"},
                                                 {"task_id", "task_id"},
                                                 {"map_index", "map_index"},
                                                 {"rendered_map_index", "map_index"},
                                                 {"execution_date", "execution_date"},
                                                 {"logical_date", "execution_date"},
                                                 {"state", "state"},
                                                 {"try_number", "try_number"},
                                                 {"priority", "priority"},
                                                 {"priority_weight", "priority"},
                                                 {"pool", "pool"},
                                                 {"queued_at", "queued_at"},
                                                 {"queued_when", "queued_at"},
                                                 {"start_date", "start_date"},
                                                 {"end_date", "end_date"},
                                                 {"duration", "end_date - start_date"}};
inline constexpr SortKey backfill_keys[] = {{"id", "id"},
                                            {"dag_id", "dag_id"},
                                            {"from_date", "from_date"},
                                            {"to_date", "to_date"},
                                            {"state", "state"},
                                            {"created_at", "created_at"},
                                            {"start_date", "start_date"},
                                            {"completed_at", "completed_at"}};
inline constexpr SortKey item_keys[] = {{"execution_date", "execution_date"},
                                        {"logical_date", "execution_date"},
                                        {"state", "state"},
                                        {"reason", "reason"}};
inline constexpr SortKey variable_keys[] = {
    {"key", "key"}, {"id", "key"}, {"value", "value"}, {"description", "description"}};
inline constexpr SortKey event_keys[] = {{"seq", "seq"},    {"id", "seq"},       {"event_log_id", "seq"},
                                  {"at", "at"},      {"when", "at"},      {"kind", "kind"},
                                  {"event", "kind"}, {"dag_id", "dag_id"}};

}  // namespace millrace
