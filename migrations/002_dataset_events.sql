-- Dataset events without loss: what becomes of each of them for each DAG that waits is kept for ever, and an
-- event that isn't a run yet is a row in a queue instead of a mark on a partition.

ALTER TABLE dataset_event ADD COLUMN source_dag_id TEXT NOT NULL DEFAULT '';
ALTER TABLE dataset_event ADD COLUMN source_run_id TEXT NOT NULL DEFAULT '';
ALTER TABLE dataset_event ADD COLUMN extra TEXT NOT NULL DEFAULT '{}';
ALTER TABLE dataset_event ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
UPDATE dataset_event SET
  source_dag_id = coalesce((SELECT dag_id FROM dag_run r WHERE r.id = dataset_event.dag_run_id), ''),
  source_run_id = coalesce((SELECT run_id FROM dag_run r WHERE r.id = dataset_event.dag_run_id), '');
CREATE INDEX dataset_event_source_dag ON dataset_event (source_dag_id);
CREATE INDEX dataset_event_source_run ON dataset_event (source_run_id);
CREATE INDEX dataset_event_source_task ON dataset_event (task_id);
CREATE INDEX dataset_event_source_map_index ON dataset_event (map_index);
CREATE INDEX dataset_event_at ON dataset_event (at);

-- Every name that a DAG or an event has used. The scheduler fills it at its next start.
CREATE TABLE dataset_name (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  uri TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT;

-- Who uses a dataset, by the current version of each DAG.
CREATE TABLE dataset_reference (
  dataset_id INTEGER NOT NULL REFERENCES dataset_name (id),
  use TEXT NOT NULL CHECK (use = 'schedule' OR use = 'output' OR use = 'input'),
  dag_id TEXT NOT NULL,
  task_id TEXT NOT NULL,            -- empty for schedule
  at INTEGER NOT NULL,
  PRIMARY KEY (dataset_id, use, dag_id, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_reference_dag ON dataset_reference (dag_id);

CREATE TABLE queued_dataset_event (
  dag_id TEXT NOT NULL,             -- who waits
  event_id INTEGER NOT NULL REFERENCES dataset_event (id),
  run_date INTEGER NOT NULL,        -- the run it belongs to
  rerun_only INTEGER NOT NULL CHECK (rerun_only IN (0, 1)),
  dataset TEXT NOT NULL,            -- dataset .. at: its event's
  partition_date INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (dag_id, event_id, run_date, rerun_only)
) STRICT, WITHOUT ROWID;
CREATE INDEX queued_dataset_event_dataset ON queued_dataset_event (dataset);

-- Append-only. dag_run_id outlives its run: a deleted run still was made from these events.
CREATE TABLE dataset_event_run (
  id INTEGER PRIMARY KEY,
  event_id INTEGER NOT NULL REFERENCES dataset_event (id),
  dag_id TEXT NOT NULL,             -- who waited
  dag_run_id INTEGER,               -- NULL: skipped
  rerun INTEGER NOT NULL,
  triggering INTEGER NOT NULL CHECK (triggering IN (0, 1)),
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX dataset_event_run_event ON dataset_event_run (event_id);
CREATE INDEX dataset_event_run_run ON dataset_event_run (dag_run_id) WHERE dag_run_id IS NOT NULL;

-- What an all-of trigger had got so far: the newest event of that dataset, of that partition unless
-- partitions weren't compared (1970). The mark "run again when the run has ended" is the partition's newest.
INSERT OR IGNORE INTO queued_dataset_event
  SELECT p.dag_id, e.id, p.partition_date, 0, e.dataset, e.partition_date, e.at
  FROM pending_partition p JOIN dataset_event e ON e.id = (
    SELECT max(id) FROM dataset_event WHERE (dataset = p.dataset OR p.dataset = '!run_again')
      AND (partition_date = p.partition_date OR p.partition_date = 0));
DROP TABLE pending_partition;
