-- The first schema. Times are microseconds since 1970-01-01T00:00:00Z; states are the words of
-- docs/states.md. `version` counts the writes of a row and guards each UPDATE. Only columns that never change
-- carry indexes, but for the partial ones over active rows: a query uses those only if it repeats their very
-- WHERE clause. A CHECK lists its words with OR: for IN with three and more SQLite fills a temporary b-tree
-- at each write, which made up half of the time of a commit.

-- One row. The epoch is the fencing token: each daemon takes the next one at start and writes only while it
-- is the newest.
CREATE TABLE daemon_epoch (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  epoch INTEGER NOT NULL,
  stopped_clean INTEGER NOT NULL CHECK (stopped_clean IN (0, 1)),
  boot_id TEXT NOT NULL
) STRICT;
INSERT INTO daemon_epoch VALUES (1, 0, 1, '');

CREATE TABLE dag_version (
  id INTEGER PRIMARY KEY,
  dag_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  hash TEXT NOT NULL,
  source TEXT NOT NULL,
  file_name TEXT NOT NULL,
  folder TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (dag_id, number)
) STRICT;
CREATE INDEX dag_version_hash ON dag_version (dag_id, hash);

CREATE TABLE dag (
  dag_id TEXT PRIMARY KEY,
  current_version_id INTEGER REFERENCES dag_version (id),
  is_paused INTEGER NOT NULL CHECK (is_paused IN (0, 1)),
  removed INTEGER NOT NULL CHECK (removed IN (0, 1)),
  watermark INTEGER,
  version INTEGER NOT NULL
) STRICT;

CREATE TABLE import_error (
  id INTEGER PRIMARY KEY,
  file_name TEXT NOT NULL,
  message TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE dag_run (
  id INTEGER PRIMARY KEY,
  dag_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  execution_date INTEGER NOT NULL,
  data_interval_start INTEGER NOT NULL,
  data_interval_end INTEGER NOT NULL,
  run_type TEXT NOT NULL CHECK (
    run_type = 'scheduled' OR run_type = 'manual' OR run_type = 'backfill' OR run_type = 'dataset_triggered'),
  state TEXT NOT NULL CHECK (
    state = 'queued' OR state = 'running' OR state = 'success' OR state = 'failed'),
  reason TEXT NOT NULL,
  dag_version_id INTEGER,
  backfill_id INTEGER,
  params TEXT NOT NULL,
  note TEXT NOT NULL,
  triggered_by TEXT NOT NULL,
  pool TEXT NOT NULL,
  priority INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
  rerun INTEGER NOT NULL,
  queued_at INTEGER NOT NULL,
  start_date INTEGER,
  end_date INTEGER,
  version INTEGER NOT NULL,
  UNIQUE (dag_id, run_id),
  UNIQUE (dag_id, execution_date)
) STRICT;
CREATE INDEX dag_run_active ON dag_run (id) WHERE state IN ('queued', 'running');
CREATE INDEX dag_run_backfill ON dag_run (backfill_id) WHERE backfill_id IS NOT NULL;

CREATE TABLE task_instance (
  id INTEGER PRIMARY KEY,
  dag_run_id INTEGER NOT NULL REFERENCES dag_run (id),
  execution_date INTEGER NOT NULL,  -- its run's
  task_id TEXT NOT NULL,
  task_index INTEGER NOT NULL,      -- position in the run's DAG version
  map_index INTEGER NOT NULL,       -- -1: not mapped
  item TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state = 'none' OR state = 'scheduled' OR state = 'queued' OR state = 'running' OR state = 'success'
    OR state = 'failed' OR state = 'up_for_retry' OR state = 'up_for_reschedule'
    OR state = 'upstream_failed' OR state = 'skipped' OR state = 'removed' OR state = 'restarting'
    OR state = 'deferred'),
  reason TEXT NOT NULL,
  try_number INTEGER NOT NULL,
  max_tries INTEGER NOT NULL,
  pool TEXT NOT NULL,
  priority INTEGER NOT NULL,
  memory_bytes INTEGER NOT NULL,
  scheduled_at INTEGER,
  queued_at INTEGER,
  start_date INTEGER,
  end_date INTEGER,
  not_before INTEGER,
  note TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  UNIQUE (dag_run_id, task_id, map_index)
) STRICT;

CREATE TABLE task_attempt (
  id INTEGER PRIMARY KEY,
  task_instance_id INTEGER NOT NULL REFERENCES task_instance (id),
  dag_run_id INTEGER NOT NULL REFERENCES dag_run (id),
  try_number INTEGER NOT NULL,
  name TEXT NOT NULL,
  devices TEXT NOT NULL,            -- JSON array of uuids
  memory_bytes INTEGER NOT NULL,
  kill_requested INTEGER NOT NULL CHECK (kill_requested IN (0, 1)),
  command TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  host TEXT,                        -- host .. start_date: how its process came to life
  pid INTEGER,
  start_ticks INTEGER,
  boot_id TEXT,
  start_date INTEGER,
  exit_kind TEXT CHECK (            -- exit_kind .. end_date: how it ended
    exit_kind = 'exited' OR exit_kind = 'spawn_failed' OR exit_kind = 'lost'),
  wait_status INTEGER,
  timed_out INTEGER,
  killed INTEGER,
  oom INTEGER,
  log_truncated INTEGER,
  user_us INTEGER,
  system_us INTEGER,
  max_rss_bytes INTEGER,
  exit_message TEXT,
  end_date INTEGER,
  outcome TEXT CHECK (
    outcome = 'success' OR outcome = 'failed' OR outcome = 'timed_out' OR outcome = 'oom'
    OR outcome = 'cancelled' OR outcome = 'lost' OR outcome = 'spawn_failed' OR outcome = 'skipped'),
  version INTEGER NOT NULL,
  UNIQUE (task_instance_id, try_number)
) STRICT;
CREATE INDEX task_attempt_live ON task_attempt (dag_run_id) WHERE outcome IS NULL;

CREATE TABLE xcom (
  id INTEGER PRIMARY KEY,
  dag_run_id INTEGER NOT NULL REFERENCES dag_run (id),
  task_instance_id INTEGER NOT NULL REFERENCES task_instance (id),
  task_id TEXT NOT NULL,            -- its task instance's
  key TEXT NOT NULL,
  value TEXT NOT NULL,              -- JSON
  UNIQUE (dag_run_id, task_id, key, task_instance_id)
) STRICT;

CREATE TABLE backfill (
  id INTEGER PRIMARY KEY,
  dag_id TEXT NOT NULL,
  from_date INTEGER,
  to_date INTEGER,
  dates TEXT NOT NULL,              -- JSON array of times
  reprocess_behavior TEXT NOT NULL CHECK (
    reprocess_behavior = 'none' OR reprocess_behavior = 'failed' OR reprocess_behavior = 'completed'),
  max_active_runs INTEGER NOT NULL,
  run_backwards INTEGER NOT NULL CHECK (run_backwards IN (0, 1)),
  task_ids TEXT NOT NULL,           -- JSON array
  include_upstream INTEGER NOT NULL CHECK (include_upstream IN (0, 1)),
  include_downstream INTEGER NOT NULL CHECK (include_downstream IN (0, 1)),
  params TEXT NOT NULL,
  latest_version INTEGER NOT NULL CHECK (latest_version IN (0, 1)),
  pool TEXT NOT NULL,
  priority INTEGER NOT NULL,
  description TEXT NOT NULL,
  created_by TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state = 'queued' OR state = 'running' OR state = 'paused' OR state = 'completed' OR state = 'failed'
    OR state = 'cancelled'),
  dag_version_id INTEGER,
  next_date INTEGER,                -- the next execution_date to decide; NULL: all are decided
  items_total INTEGER NOT NULL,
  items_queued INTEGER NOT NULL,
  items_running INTEGER NOT NULL,
  items_success INTEGER NOT NULL,
  items_failed INTEGER NOT NULL,
  items_skipped INTEGER NOT NULL,
  items_cancelled INTEGER NOT NULL,
  terminate INTEGER NOT NULL CHECK (terminate IN (0, 1)),
  created_at INTEGER NOT NULL,
  start_date INTEGER,
  completed_at INTEGER,
  version INTEGER NOT NULL
) STRICT;
CREATE INDEX backfill_active ON backfill (id) WHERE state IN ('queued', 'running', 'paused');
CREATE INDEX backfill_dag ON backfill (dag_id);

CREATE TABLE backfill_item (
  backfill_id INTEGER NOT NULL REFERENCES backfill (id),
  execution_date INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (
    state = 'queued' OR state = 'running' OR state = 'success' OR state = 'failed' OR state = 'skipped'
    OR state = 'cancelled'),
  reason TEXT NOT NULL,
  dag_run_id INTEGER,
  version INTEGER NOT NULL,
  PRIMARY KEY (backfill_id, execution_date)
) STRICT, WITHOUT ROWID;
CREATE INDEX backfill_item_open ON backfill_item (backfill_id, execution_date)
  WHERE state IN ('queued', 'running');

CREATE TABLE pool (
  name TEXT PRIMARY KEY,
  slots INTEGER NOT NULL,
  description TEXT NOT NULL,
  removed INTEGER NOT NULL CHECK (removed IN (0, 1)),
  version INTEGER NOT NULL
) STRICT;

CREATE TABLE dataset_event (
  id INTEGER PRIMARY KEY,
  dataset TEXT NOT NULL,
  partition_date INTEGER NOT NULL,
  dag_run_id INTEGER,               -- the producer; NULL: from outside
  task_id TEXT NOT NULL,
  map_index INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX dataset_event_partition ON dataset_event (dataset, partition_date);
CREATE INDEX dataset_event_newest ON dataset_event (dataset);

CREATE TABLE pending_partition (
  dag_id TEXT NOT NULL,
  partition_date INTEGER NOT NULL,
  dataset TEXT NOT NULL,
  PRIMARY KEY (dag_id, partition_date, dataset)
) STRICT, WITHOUT ROWID;

-- Append-only: what moved, from where to where, why.
CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  dag_id TEXT NOT NULL,
  dag_run_id INTEGER,
  task_instance_id INTEGER,
  task_attempt_id INTEGER,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  cause TEXT NOT NULL
) STRICT;
CREATE INDEX event_run ON event (dag_run_id) WHERE dag_run_id IS NOT NULL;
