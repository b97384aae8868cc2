#include "dags/keys.h"

#include <array>

namespace millrace {
namespace {

using Words = std::string_view;

constexpr std::array<Words, 11> trigger_rules{
    "all_success",  "all_failed",  "all_done",    "one_success",
    "one_failed",   "one_done",    "none_failed", "none_failed_min_one_success",
    "none_skipped", "all_skipped", "always"};
constexpr std::array<Words, 8> signals{"SIGTERM", "SIGINT",  "SIGHUP",  "SIGQUIT",
                                       "SIGUSR1", "SIGUSR2", "SIGABRT", "SIGKILL"};
constexpr std::array<Words, 8> param_types{"string", "integer",   "number", "boolean",
                                           "date",   "timestamp", "array",  "object"};
constexpr std::array<Words, 4> formats{"parquet", "csv", "json", "dir"};
constexpr std::array<Words, 3> later_formats{"delta", "iceberg", "dvc"};
constexpr std::array<Words, 22> column_types{
    "boolean", "int8",   "int16",   "int32",  "int64", "smallint", "integer",   "bigint",
    "float",   "double", "decimal", "string", "date",  "time",     "timestamp", "binary",
    "uuid",    "json",   "list",    "struct", "map",   "hugeint"};
constexpr std::array<Words, 3> stages{"ingestion", "feature", "training"};
constexpr std::array<Words, 2> intervals{"previous", "none"};
constexpr std::array<Words, 2> missing_words{"shift", "skip"};
constexpr std::array<Words, 3> duplicate_words{"first", "last", "both"};
constexpr std::array<Words, 2> partition_words{"same", "none"};
constexpr std::array<Words, 2> event_policies{"coalesce", "one_run_per_event"};
constexpr std::array<Words, 3> policies{"all", "latest", "none"};
constexpr std::array<Words, 2> afters{"queued", "scheduled"};
constexpr std::array<Words, 1> versions{"latest"};
constexpr std::array<Words, 1> later_versions{"pinned"};
constexpr std::array<Words, 1> executors{"local"};
constexpr std::array<Words, 3> later_executors{"container", "slurm", "kubernetes"};
constexpr std::array<Words, 9> actions{"command", "script",      "check",   "trigger_dag", "sensor",
                                       "sql",     "materialize", "profile", "features"};

constexpr Form null_form{.shape = Shape::null};
constexpr Form text_form{.shape = Shape::text};
constexpr Form templated_form{.shape = Shape::templated};
constexpr Form id_form{.shape = Shape::id};
constexpr Form boolean_form{.shape = Shape::boolean};
constexpr Form duration_form{.shape = Shape::duration};
constexpr Form size_form{.shape = Shape::size};
constexpr Form moment_form{.shape = Shape::moment};
constexpr Form any_form{.shape = Shape::any};
constexpr Form later_form{.shape = Shape::later};
constexpr Form number_form{.shape = Shape::number};
constexpr Form integer_form{.shape = Shape::integer, .minimum = -1'000'000'000, .maximum = 1'000'000'000};
constexpr Form positive_form{.shape = Shape::integer, .minimum = 1, .maximum = 1'000'000};
constexpr Form count_form{.shape = Shape::integer, .minimum = 0, .maximum = 1'000'000};
constexpr Form factor_form{
    .shape = Shape::number, .title = "a number from 1", .minimum = 1, .maximum = 1'000};
constexpr Form span_form{
    .shape = Shape::duration, .title = "a duration above 0 such as 30s, 10m, 1h or 7d", .minimum = 1};
constexpr Form fraction_form{
    .shape = Shape::number, .title = "a number from 0 to 1", .minimum = 0, .maximum = 1};
constexpr Form exit_code_form{
    .shape = Shape::integer, .title = "an exit code from 1 to 255", .minimum = 1, .maximum = 255};

constexpr Form text_list{.shape = Shape::list, .items = &text_form};
constexpr Form id_list{.shape = Shape::list, .items = &id_form};
constexpr Form any_list{.shape = Shape::list, .items = &any_form};
constexpr Form moment_list{.shape = Shape::list, .items = &moment_form, .at_least = 1};
constexpr Form argv_form{.shape = Shape::list,
                         .title = "a list: the program and its arguments",
                         .items = &templated_form,
                         .at_least = 1};
constexpr Form exit_code_list{.shape = Shape::list, .items = &exit_code_form};
constexpr Form env_form{.shape = Shape::object, .items = &templated_form, .keys_are_names = true};

constexpr Form word_of(std::span<const Words> words, std::span<const Words> later = {}) {
  return {.shape = Shape::word, .words = words, .later_words = later};
}
constexpr Form stage_form = word_of(stages);
constexpr Form interval_form = word_of(intervals);
constexpr Form missing_form = word_of(missing_words);
constexpr Form duplicate_form = word_of(duplicate_words);
constexpr Form partition_word = word_of(partition_words);
constexpr Form event_policy_form = word_of(event_policies);
constexpr Form policy_form = word_of(policies);
constexpr Form trigger_rule_form = word_of(trigger_rules);
constexpr Form signal_form = word_of(signals);
constexpr Form param_type_form = word_of(param_types);
constexpr Form format_form = word_of(formats, later_formats);
constexpr Form column_type_form = word_of(column_types);
constexpr Form after_form = word_of(afters);
constexpr Form version_form = word_of(versions, later_versions);
constexpr Form executor_word = word_of(executors, later_executors);

constexpr std::array dst_keys{
    Key{"missing", &missing_form, "A local time that the clock jumps over: run after the gap, or not at all"},
    Key{"duplicate", &duplicate_form, "A local time that comes twice: run at the first, the last or both"}};
constexpr Form dst_form{.shape = Shape::object, .keys = dst_keys};

constexpr std::array<const Form*, 2> any_of_forms{&boolean_form, &id_list};
constexpr Form any_of_form{
    .shape = Shape::one_of, .title = "true, or a list of datasets", .forms = any_of_forms};

constexpr std::array partition_keys{
    Key{"to", &text_form, "A cron or preset: the run whose interval contains the partition"},
    Key{"each", &text_form, "A cron or preset: wait for all of these partitions of the run's interval"},
    Key{"window", &span_form, "Also run again the existing runs whose windows contain it"}};
constexpr Form partition_object{.shape = Shape::object, .keys = partition_keys, .at_least = 1};
constexpr std::array<const Form*, 2> partition_forms{&partition_word, &partition_object};
constexpr Form partition_form{
    .shape = Shape::one_of,
    .title = "same, none, or a map such as {to: \"@daily\"}",
    .forms = partition_forms};

constexpr std::array schedule_keys{
    Key{"cron", &text_form,
        "Five fields (minute hour day month weekday), six with seconds first, or a preset"},
    Key{"every", &span_form, "A fixed distance between runs"},
    Key{"anchor", &moment_form, "Where 'every' counts from; default start_date"},
    Key{"at", &moment_list, "These moments and no others"},
    Key{"datasets", &id_list, "Run when all of these datasets have been updated"},
    Key{"any", &any_of_form, "Run when any of the datasets has been updated"},
    Key{"on_drift", &later_form, {}},
    Key{"timezone", &text_form, "IANA name of the schedule's zone; default the DAG's"},
    Key{"data_interval", &interval_form,
        "previous: the run at tick t covers [previous tick, t); none: [t, t)"},
    Key{"dst", &dst_form, "What to do when the clocks change"},
    Key{"jitter", &duration_form, "Upper bound of a delay that spreads starts"},
    Key{"partition", &partition_form, "Which run a partition belongs to; same: the one of its own date"},
    Key{"policy", &event_policy_form, "coalesce: one run takes all events of its partition; default"}};
constexpr Form schedule_object{.shape = Shape::object, .keys = schedule_keys};
constexpr std::array<const Form*, 3> schedule_forms{&null_form, &text_form, &schedule_object};
constexpr Form schedule_form{.shape = Shape::one_of,
                             .title = "null, a cron string, a preset such as @daily, or a map",
                             .forms = schedule_forms};

constexpr std::array catchup_keys{Key{"policy", &policy_form, "Which missed runs to make"},
                                  Key{"window", &span_form, "No further back than this"},
                                  Key{"max_runs", &positive_form, "No more than this many"}};
constexpr Form catchup_object{.shape = Shape::object, .keys = catchup_keys};
constexpr std::array<const Form*, 2> catchup_forms{&boolean_form, &catchup_object};
constexpr Form catchup_form{.shape = Shape::one_of, .title = "true, false or a map", .forms = catchup_forms};

constexpr std::array param_keys{Key{"type", &param_type_form, "Type of the value", true},
                                Key{"default", &any_form, "Value when a run gives none"},
                                Key{"enum", &any_list, "The allowed values"},
                                Key{"minimum", &number_form, "Smallest allowed number"},
                                Key{"maximum", &number_form, "Largest allowed number"},
                                Key{"pattern", &text_form, "Regular expression that a string must match"},
                                Key{"description", &text_form, "What the parameter means"}};
constexpr Form param_form{
    .shape = Shape::object, .title = "a map such as {type: integer, default: 7}", .keys = param_keys};
constexpr Form params_form{.shape = Shape::object, .items = &param_form, .keys_are_names = true};


constexpr std::array column_keys{Key{"type", &column_type_form, "Type of the column", true},
                                 Key{"required", &boolean_form, "No nulls, and the column must be there"},
                                 Key{"max_null_fraction", &fraction_form, "Largest allowed share of nulls"},
                                 Key{"pattern", &later_form, {}},
                                 Key{"unique", &later_form, {}},
                                 Key{"min", &later_form, {}},
                                 Key{"max", &later_form, {}},
                                 Key{"values", &later_form, {}},
                                 Key{"description", &text_form, "For people"}};
constexpr Form column_form{
    .shape = Shape::object, .title = "a map such as {type: string}", .keys = column_keys};
constexpr Form columns_form{.shape = Shape::object, .items = &column_form, .at_least = 1};
constexpr std::array contract_keys{Key{"columns", &columns_form, "The columns that the data must have", true},
                                   Key{"unique", &later_form, {}}, Key{"rows", &later_form, {}},
                                   Key{"on_schema_change", &later_form, {}}};
constexpr Form contract_object{.shape = Shape::object, .keys = contract_keys};

constexpr std::array dataset_keys{
    Key{"path", &templated_form, "A file or a folder, relative to the data root"},
    Key{"format", &format_form, "Default: by the ending of the path"},
    Key{"description", &text_form, "For people"},
    Key{"event_time", &text_form, "Column that holds when a row happened"},
    Key{"created_time", &text_form, "Column that holds when a row became known"},
    Key{"append_only", &boolean_form, "Written rows never change"},
    Key{"contract", &contract_object, "What the data must look like"},
    Key{"uri", &later_form, {}},
    Key{"watermark", &later_form, {}},
    Key{"late", &later_form, {}},
    Key{"freshness", &later_form, {}},
    Key{"null_budget", &later_form, {}},
    Key{"drift", &later_form, {}},
    Key{"joins", &later_form, {}}};
constexpr Form dataset_form{
    .shape = Shape::object, .title = "a map with at least a path", .keys = dataset_keys};
constexpr Form datasets_form{.shape = Shape::object, .items = &dataset_form};

constexpr std::array task_group_keys{Key{"description", &text_form, "For people"}};
constexpr Form task_group_form{.shape = Shape::object, .keys = task_group_keys};
constexpr Form task_groups_form{.shape = Shape::object, .items = &task_group_form};


constexpr Form notify_argv_form{.shape = Shape::list,
                                .title = "a list: the program and its arguments",
                                .items = &text_form,
                                .at_least = 1};
constexpr Form name_form{.shape = Shape::name};
constexpr std::array secret_keys{
    Key{"env", &name_form, "The environment variable that tasks find it in", true},
    Key{"from", &text_form, "env:NAME of the daemon, or file:/path: read when an attempt starts", true}};
constexpr Form secret_form{
    .shape = Shape::object, .title = "a map such as {env: DB_URL, from: env:DB_URL}", .keys = secret_keys};
constexpr Form secrets_form{.shape = Shape::list, .items = &secret_form};

constexpr std::array notify_target_keys{
    Key{"webhook", &text_form, "A URL that a JSON body is posted to"},
    Key{"command", &notify_argv_form, "A program; what happened is in its environment"}};
constexpr Form notify_target_form{.shape = Shape::object,
                                  .title = "a map with a 'webhook' or a 'command'",
                                  .keys = notify_target_keys};
constexpr Form notify_list{.shape = Shape::list, .items = &notify_target_form};
constexpr std::array notify_keys{Key{"on_failure", &notify_list, "A run has failed"},
                                 Key{"on_success", &notify_list, "A run has succeeded"},
                                 Key{"on_retry", &notify_list, "A task will be tried again"},
                                 Key{"on_late", &notify_list, "A run has missed the deadline"}};
constexpr Form notify_form{.shape = Shape::object, .keys = notify_keys};
constexpr std::array deadline_keys{
    Key{"after", &after_form,
        "queued: since the run was made; scheduled: since the end of its data interval"},
    Key{"within", &span_form, "A run that isn't done by then is late", true},
    Key{"notify", &notify_list, "Told beside those of notify.on_late"}};
constexpr Form deadline_form{.shape = Shape::object, .keys = deadline_keys};

constexpr Form trigger_params_form{.shape = Shape::object, .items = &templated_form, .keys_are_names = true};
constexpr std::array trigger_keys{
    Key{"dag_id", &id_form, "The DAG to run", true},
    Key{"execution_date", &templated_form, "same (default), or a template that gives a date"},
    Key{"params", &trigger_params_form, "Parameters of that run"},
    Key{"wait", &boolean_form, "Go on only when that run has ended; default true"}};
constexpr Form trigger_form{.shape = Shape::object, .keys = trigger_keys};

constexpr std::array sensor_run_keys{
    Key{"dag_id", &id_form, "The DAG whose run is waited for", true},
    Key{"task_id", &id_form, "This task of it; default the whole run"},
    Key{"execution_date", &templated_form, "Default: the same as this run's"}};
constexpr Form sensor_run_form{.shape = Shape::object, .keys = sensor_run_keys};
constexpr std::array sensor_keys{
    Key{"file", &templated_form, "A path that must exist"},
    Key{"dataset", &id_form, "A dataset whose partition must exist"},
    Key{"http", &templated_form, "A URL that must answer with 2xx"},
    Key{"run", &sensor_run_form, "A run, or a task of it, that must have succeeded"},
    Key{"partition", &templated_form, "Which partition of the dataset; default this run's"},
    Key{"window", &span_form, "All daily partitions of this window, up to the partition"},
    Key{"poke_interval", &span_form, "Time between two looks"},
    Key{"timeout", &span_form, "Fail after this"}};
constexpr Form sensor_form{.shape = Shape::object, .keys = sensor_keys};

constexpr std::array<const Form*, 2> depends_on_forms{&id_list, &id_form};
constexpr Form depends_on_form{.shape = Shape::one_of, .title = "a list of tasks", .forms = depends_on_forms};

constexpr std::array input_keys{
    Key{"dataset", &id_form, "The dataset to read", true},
    Key{"window", &span_form, "All daily partitions of this window, the run's own last"},
    Key{"partition", &templated_form, "Another partition than the run's own"},
    Key{"version", &version_form, "Which version of it"}};
constexpr Form input_object{.shape = Shape::object, .keys = input_keys};
constexpr std::array<const Form*, 2> input_forms{&id_form, &input_object};
constexpr Form input_form{
    .shape = Shape::one_of, .title = "a dataset, or a map with one", .forms = input_forms};
constexpr Form inputs_form{.shape = Shape::list, .items = &input_form};

constexpr std::array on_oom_keys{Key{"memory_factor", &factor_form, "The memory request grows by this"},
                                 Key{"max", &size_form, "But not beyond this"}};
constexpr Form on_oom_object{.shape = Shape::object, .keys = on_oom_keys};
constexpr std::array<const Form*, 2> on_oom_forms{&boolean_form, &on_oom_object};
constexpr Form on_oom_form{.shape = Shape::one_of, .title = "true, false or a map", .forms = on_oom_forms};

constexpr std::array retries_keys{
    Key{"limit", &count_form, "Tries after the first", true},
    Key{"delay", &duration_form, "Before the first retry; default 5m"},
    Key{"backoff", &factor_form, "Factor of the delay from try to try; default 1"},
    Key{"max_delay", &duration_form, "The delay never exceeds this; default 24h"},
    Key{"jitter", &boolean_form, "Spread the delay between its half and its whole"},
    Key{"on_exit_codes", &exit_code_list, "Only these exit codes are tried again"},
    Key{"except_exit_codes", &exit_code_list, "These never are"},
    Key{"on_oom", &on_oom_form, "Whether and how to try again after running out of memory"},
    Key{"on_lost", &boolean_form, "Try again when nobody can know how the attempt ended"}};
constexpr Form retries_object{.shape = Shape::object, .keys = retries_keys};
constexpr std::array<const Form*, 2> retries_forms{&count_form, &retries_object};
constexpr Form retries_form{
    .shape = Shape::one_of, .title = "a number, or a map with a limit", .forms = retries_forms};

constexpr std::array termination_keys{
    Key{"signal", &signal_form, "Sent to the whole process tree; default SIGTERM"},
    Key{"grace", &duration_form, "Until SIGKILL; default 30s"}};
constexpr Form termination_form{.shape = Shape::object, .keys = termination_keys};

constexpr std::array<const Form*, 2> expand_value_forms{&any_list, &templated_form};
constexpr Form expand_value_form{.shape = Shape::one_of,
                                 .title = "a list, or one \"{{ tasks.NAME.output.KEY }}\"",
                                 .forms = expand_value_forms};
constexpr std::array expand_keys{
    Key{"max_active", &positive_form, "How many of the instances may run at a time"}};
constexpr Form expand_form{.shape = Shape::object,
                           .items = &expand_value_form,
                           .keys = expand_keys,
                           .at_least = 1,
                           .keys_are_names = true};

constexpr Form cpu_form{.shape = Shape::number,
                        .title = "a number of cores such as 2 or 0.5",
                        .minimum = 0.001,
                        .maximum = 100'000};
constexpr std::array resource_keys{
    Key{"cpu", &cpu_form, "Cores, also fractions"},
    Key{"memory", &size_form, "Reserved, and the limit"},
    Key{"gpu", &count_form, "Devices, each for this task alone"},
    Key{"gpu_memory", &size_form, "Least memory of each device"},
    Key{"gpu_model", &text_list, "Part of the device's name, any of these"},
    Key{"gpu_optional", &boolean_form, "Run in the CPU pool where there is no device"}};
constexpr Form resources_form{.shape = Shape::object, .keys = resource_keys};

constexpr std::array executor_keys{Key{"container", &later_form, {}}, Key{"slurm", &later_form, {}},
                                   Key{"kubernetes", &later_form, {}}};
constexpr Form executor_object{.shape = Shape::object, .keys = executor_keys};
constexpr std::array<const Form*, 2> executor_forms{&executor_word, &executor_object};
constexpr Form executor_form{.shape = Shape::one_of, .title = "local", .forms = executor_forms};

constexpr std::array task_keys{
    Key{"command", &argv_form, "The program and its arguments; no shell"},
    Key{"script", &templated_form, "Text for /bin/bash -euo pipefail; params arrive as $PARAM_NAME"},
    Key{"check", &id_form, "Check this dataset against its contract"},
    Key{"trigger_dag", &trigger_form, "Make a run of another DAG"},
    Key{"sensor", &sensor_form, "Wait for something; holds no slot"},
    Key{"sql", &later_form, {}},
    Key{"materialize", &later_form, {}},
    Key{"profile", &later_form, {}},
    Key{"features", &later_form, {}},
    Key{"depends_on", &depends_on_form, "Tasks of this DAG that come first"},
    Key{"inputs", &inputs_form, "Datasets that the task reads"},
    Key{"outputs", &id_list, "Datasets that the task writes"},
    Key{"trigger_rule", &trigger_rule_form, "When the task may start, by the states of the tasks before it"},
    Key{"retries", &retries_form, "How often and when to try again"},
    Key{"timeout", &span_form, "An attempt ends after this"},
    Key{"termination", &termination_form, "How an attempt is told to stop"},
    Key{"skip_exit_codes", &exit_code_list, "These exit codes mean skipped; default [99]"},
    Key{"branch", &boolean_form, "The task's output 'branch' names the tasks to go on with"},
    Key{"expand", &expand_form, "One instance for each item; several keys: the cross product"},
    Key{"pool", &id_form, "Default cpu, or gpu when resources.gpu is set"},
    Key{"pool_slots", &positive_form, "Slots of the pool that an attempt takes; default 1"},
    Key{"priority", &integer_form, "Higher goes first"},
    Key{"resources", &resources_form, "What an attempt needs"},
    Key{"executor", &executor_form, "Where an attempt runs"},
    Key{"cwd", &text_form, "Working directory; default the folder of the DAG file"},
    Key{"env", &env_form, "Environment variables"},
    Key{"user", &text_form, "Run as this user"},
    Key{"group", &id_form, "The task group that the task is shown in"},
    Key{"description", &text_form, "For people"},
    Key{"cache", &later_form, {}},
    Key{"idempotent", &boolean_form, "A lost attempt may run again"},
    Key{"depends_on_past", &boolean_form, "Wait until the task succeeded in the previous run"},
    Key{"wait_for_downstream", &boolean_form, "And the tasks right after it too"}};

}  // namespace

constexpr Form task_form{
    .shape = Shape::object, .title = "a map with a 'command' or another action", .keys = task_keys};

namespace {

constexpr Form tasks_form{
    .shape = Shape::object, .title = "a map of tasks", .items = &task_form, .at_least = 1};

constexpr std::array dag_keys{
    Key{"dag_id", &id_form, "Name of the DAG, unique in a daemon", true},
    Key{"description", &text_form, "For people"},
    Key{"owner", &text_form, "Who to ask"},
    Key{"tags", &text_list, "For filters"},
    Key{"stage", &stage_form, "Part of the pipeline"},
    Key{"schedule", &schedule_form, "When runs come to be; default null: by hand"},
    Key{"start_date", &moment_form, "First execution_date"},
    Key{"end_date", &moment_form, "Last execution_date"},
    Key{"timezone", &text_form, "IANA name; default UTC"},
    Key{"catchup", &catchup_form, "Whether missed runs are made later; default false"},
    Key{"max_active_runs", &positive_form, "Runs at a time; default 16"},
    Key{"max_active_tasks", &positive_form, "Tasks of one run at a time; default 16"},
    Key{"depends_on_past", &boolean_form, "For every task"},
    Key{"run_timeout", &span_form, "A run fails after this"},
    Key{"params", &params_form, "Parameters of a run"},
    Key{"env", &env_form, "Environment variables of every task"},
    Key{"secrets", &secrets_form, "Values that are read at the start, and masked where they show"},
    Key{"defaults", &task_form, "Any task key; a task's own value wins"},
    Key{"datasets", &datasets_form, "What this DAG produces"},
    Key{"task_groups", &task_groups_form, "Groups that tasks are shown in"},
    Key{"notify", &notify_form, "Who is told what happens to runs and tasks"},
    Key{"deadline", &deadline_form, "When a run is late"},
    Key{"features", &later_form, {}},
    Key{"tasks", &tasks_form, "The tasks by name", true}};

}  // namespace

constexpr Form dag_form{.shape = Shape::object, .title = "a map with dag_id and tasks", .keys = dag_keys};

std::span<const std::string_view> action_keys() { return std::span{actions}; }
std::span<const std::string_view> trigger_rule_words() { return trigger_rules; }
std::span<const std::string_view> signal_words() { return signals; }
std::span<const std::string_view> param_type_words() { return param_types; }
std::span<const std::string_view> format_words() { return formats; }

}  // namespace millrace
