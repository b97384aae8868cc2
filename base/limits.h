#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every bound of the system with its reason. At a bound the system refuses and says so.
namespace millrace::limits {

// The DAG language
inline constexpr std::size_t dag_file_bytes = 16u
                                              << 20;  ///< a 100,000-task DAG is 24 MB as YAML only if verbose
inline constexpr int yaml_depth = 32;                 ///< the language itself needs 8
inline constexpr std::size_t tasks_per_dag = 100'000;     ///< measured: validates in about a second
inline constexpr std::size_t id_bytes = 200;              ///< ids become file names (255 bytes) with a suffix
inline constexpr std::size_t diagnostics_per_file = 100;  ///< more help nobody; the rest is counted
inline constexpr std::size_t expand_instances = 10'000;   ///< one mapped task; a typo must not fill the store

// Runs
inline constexpr std::size_t params_bytes = 256u << 10;  ///< kept with each run
inline constexpr std::size_t output_bytes = 1u << 20;    ///< $MILLRACE_OUTPUT; bigger results are datasets
inline constexpr std::size_t active_runs_per_dag =
    1'000;  ///< created and not final, those of backfills apart: an ad-hoc run finds room beside them
inline constexpr std::size_t inbox_events = 65'536;  ///< loop inbox; beyond it callers get `unavailable`
inline constexpr std::size_t backfill_window = 64;   ///< items looked up at a time: a cursor, not rows
inline constexpr std::size_t runs_per_clear = 1'000;  ///< in memory, in one transaction; more is a backfill
inline constexpr std::size_t variables = 10'000;       ///< their names are kept in memory
inline constexpr std::size_t variable_bytes = 64u << 10;  ///< as Airflow's MySQL column
inline constexpr std::size_t waiting_calls = 10'000;      ///< `…/wait`: as many as connections
inline constexpr std::size_t backfill_dates = 10'000;  ///< a list; a range has no bound
inline constexpr std::size_t cascade_dates = 100'000;  ///< what a list maps to in one downstream DAG
inline constexpr std::int64_t backfill_work = 2'048;   ///< rows a turn: memory is bounded, others wait little
inline constexpr std::size_t queued_runs = 100'000;  ///< active in memory over all DAGs
inline constexpr std::size_t dataset_runs_queued = 64;  ///< of a DAG; more events wait as they are: a cursor
inline constexpr std::size_t queued_dataset_events =
    100'000;  ///< of a DAG that is paused or waits for another dataset: about 130 MB; then recorded skips

inline constexpr std::size_t pending_notifications =
    10'000;  ///< an endpoint that is down for a night; beyond it they fail at once

// Schedules
inline constexpr std::size_t partitions_of_a_run = 1'500;  ///< `each` and `window`: the minutes of a day fit
inline constexpr auto clock_step_hold = std::chrono::hours{3};  ///< cron(8): a larger jump is a correction
inline constexpr std::size_t catchup_runs_default = 1'000;      ///< then hold and say so
inline constexpr auto reconcile_interval = std::chrono::seconds{30};  ///< the only wake-up of an idle daemon

/// `total_entries` of a list whose number isn't kept stops here, or at count_steps, and says so.
inline constexpr std::int64_t list_counted = 100'000;

// What waits, and why
inline constexpr auto reason_after = std::chrono::seconds{30};  ///< a shorter wait needs no history
inline constexpr std::size_t reasons_noted = 100;  ///< of the front of the line, each reconcile_interval

// Attempts
inline constexpr std::int64_t log_bytes = 1ll << 30;  ///< a task's log; then a marker and the rest dropped
inline constexpr auto termination_grace = std::chrono::seconds{30};  ///< SIGTERM to SIGKILL, as Kubernetes
inline constexpr int open_files = 4'096;                             ///< RLIMIT_NOFILE soft of a task

// Datasets
inline constexpr std::size_t version_files = 1'000'000;  ///< one output; more belong into several partitions
inline constexpr std::size_t publish_report_bytes = 4u << 20;  ///< schemas of wide tables, many outputs
inline constexpr int lineage_nodes = 1'000;  ///< one answer; more is no picture
inline constexpr int lineage_depth = 20;     ///< steps from the root
inline constexpr std::size_t manifest_tasks = 10'000;  ///< instances of one run in one document

// Secrets
inline constexpr std::size_t secrets_per_dag = 100;     ///< each is read at the start of each attempt
inline constexpr std::size_t secret_bytes = 64u << 10;  ///< a variable of an environment has 128 KiB at most
inline constexpr std::size_t secret_least_bytes = 6;    ///< a shorter one is a part of any text
inline constexpr std::size_t secret_prints = 500'000;   ///< of a DAG: hourly tokens for ten years

// HTTP
inline constexpr std::size_t http_header_bytes = 16u << 10;
inline constexpr std::size_t http_body_bytes = 16u << 20;  ///< a DAG file
inline constexpr auto http_header_deadline = std::chrono::seconds{10};
inline constexpr auto http_idle = std::chrono::seconds{60};
inline constexpr std::size_t http_connections = 10'000;
inline constexpr std::size_t http_connections_per_address = 1'000;
inline constexpr std::size_t http_connections_from_loopback = 4'000;  ///< a proxy, or all users of a machine
inline constexpr std::uint64_t open_files_of_daemon = 16'384;  ///< RLIMIT_NOFILE: http_connections and files
inline constexpr int json_depth = 32;

// Access
inline constexpr auto idempotency_life = std::chrono::hours{24};  ///< a day, as Stripe keeps them
inline constexpr std::size_t idempotency_key_bytes = 255;         ///< a UUID is 36
inline constexpr std::int64_t idempotency_keys = 100'000;          ///< kept at a time: one a second for a day
inline constexpr std::size_t idempotency_body_bytes = 256u << 10;  ///< of an answer; larger ones aren't kept
inline constexpr std::size_t tokens = 10'000;                      ///< living ones; in memory
inline constexpr std::size_t sessions = 10'000;                    ///< living ones; in memory
inline constexpr auto session_life = std::chrono::hours{7 * 24};   ///< of a browser
inline constexpr auto bearer_life = std::chrono::hours{24};        ///< of POST /auth/token; Airflow's default
inline constexpr auto login_link_life = std::chrono::seconds{60};
inline constexpr std::size_t login_links = 100;         ///< open at a time; a person needs one
inline constexpr std::size_t next_path_bytes = 2'000;   ///< a page to come back to; encoded it fits a head
inline constexpr int bad_logins_a_minute = 20;          ///< an address; then 429
inline constexpr std::size_t login_addresses = 10'000;  ///< remembered; beyond it all share one count
inline constexpr auto last_used_grain = std::chrono::minutes{10};  ///< a token's use is no write a request
inline constexpr std::size_t audit_changes = 20;  ///< rows a request; the rest is counted
inline constexpr std::size_t audit_value_bytes = 2'048;  ///< of one value in it
inline constexpr int swept_at_a_time = 1'000;            ///< expired rows a reconciler's turn: some 10 ms
inline constexpr std::size_t list_page = 1'000;  ///< `limit` above this is refused, as Airflow's maximum page
inline constexpr int list_steps = 2'000'000;   ///< of SQLite's machine for a page: some 200,000 rows
inline constexpr int count_steps = 1'000'000;  ///< and to count what isn't kept
inline constexpr std::size_t dags_read = 1'000;  ///< of a list, each with a look at its runs: some 20 ms
inline constexpr std::size_t event_window = 200'000;  ///< lines a filter without an index looks at

// Streams (server-sent events)
inline constexpr std::size_t streams = 1'000;                   ///< each a connection; more get 503 and poll
inline constexpr std::size_t stream_backlog = 64u << 10;        ///< bytes that wait for who doesn't read
inline constexpr std::size_t stream_backlog_most = 512u << 10;  ///< for who reads, but too slowly
inline constexpr int stream_socket_bytes = 64 << 10;            ///< SO_SNDBUF, which the kernel doubles
inline constexpr auto stream_window = std::chrono::milliseconds{250};  ///< four writes a second to each
inline constexpr auto stream_ping = std::chrono::seconds{15};  ///< proxies cut silence after 30 s and more
inline constexpr auto stream_capacity = std::chrono::milliseconds{1'000};  ///< pools are counted this often
inline constexpr auto log_rest = std::chrono::milliseconds{100};  ///< between looks at logs that grow
inline constexpr std::size_t stream_topics = 64;                  ///< of one reader
inline constexpr std::int64_t stream_replay = 65'536;  ///< events read again after a gap; more: `reset`
inline constexpr int stream_replay_page = 1'000;       ///< of them at a time: some 5 ms of a reader thread

// Logs
inline constexpr auto log_scan_time = std::chrono::milliseconds{100};  ///< of a reader thread, for one call
inline constexpr std::int64_t log_index_every = 256;        ///< lines between two entries of a line index
inline constexpr std::size_t log_index_entries = 131'072;   ///< 1 MiB; beyond it every second one is dropped
inline constexpr std::size_t log_indexes = 32;              ///< kept in memory
inline constexpr std::size_t log_query_bytes = 1'000;       ///< of a text that is searched for
inline constexpr std::size_t log_follow_piece = 32u << 10;  ///< of a followed log, in one event

}  // namespace millrace::limits
