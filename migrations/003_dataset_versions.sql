-- Dataset versions (docs/dataset-versions.md): what each write of a partition left there, who wrote it, and
-- which versions each attempt was given to read.

-- Counts of one dataset, kept by the store with each write.
CREATE TABLE written_dataset (
  name TEXT PRIMARY KEY,
  versions INTEGER NOT NULL,
  partitions INTEGER NOT NULL,
  newest_version_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_version (
  id INTEGER PRIMARY KEY,
  dataset TEXT NOT NULL,
  partition_date INTEGER NOT NULL,
  hash TEXT NOT NULL,               -- b3:<64 hex digits>
  dag_run_id INTEGER,
  task_attempt_id INTEGER,
  dag_id TEXT NOT NULL,             -- dag_id .. map_index: the producer in words, for ever
  run_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  map_index INTEGER NOT NULL,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  files INTEGER NOT NULL,
  row_count INTEGER,
  columns TEXT NOT NULL,            -- JSON array of {name, type}; empty: not known
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX dataset_version_newest ON dataset_version (dataset);
CREATE INDEX dataset_version_partition ON dataset_version (dataset, partition_date);
CREATE INDEX dataset_version_hash ON dataset_version (dataset, hash);
CREATE INDEX dataset_version_run ON dataset_version (dag_run_id);
CREATE INDEX dataset_version_attempt ON dataset_version (task_attempt_id);

CREATE TABLE dataset_partition (
  dataset TEXT NOT NULL,
  partition_date INTEGER NOT NULL,
  dataset_version_id INTEGER NOT NULL REFERENCES dataset_version (id),  -- the newest
  versions INTEGER NOT NULL,
  PRIMARY KEY (dataset, partition_date)
) STRICT, WITHOUT ROWID;

CREATE TABLE version_input (
  task_attempt_id INTEGER NOT NULL REFERENCES task_attempt (id),
  dag_run_id INTEGER NOT NULL,
  dataset TEXT NOT NULL,
  partition_date INTEGER NOT NULL,
  dataset_version_id INTEGER NOT NULL REFERENCES dataset_version (id),
  PRIMARY KEY (task_attempt_id, dataset, partition_date)
) STRICT, WITHOUT ROWID;
CREATE INDEX version_input_version ON version_input (dataset_version_id);
CREATE INDEX version_input_run ON version_input (dag_run_id);

ALTER TABLE dataset_event ADD COLUMN dataset_version_id INTEGER;
