-- What DAGs want said, kept until it is delivered or given up, and when a run missed its deadline.
CREATE TABLE notification (
  id INTEGER PRIMARY KEY,
  dag_id TEXT NOT NULL,
  dag_run_id INTEGER NOT NULL,      -- stays when the run is deleted
  notify_on TEXT NOT NULL CHECK (
    notify_on = 'failure' OR notify_on = 'success' OR notify_on = 'retry' OR notify_on = 'late'),
  webhook TEXT NOT NULL,            -- empty: command
  command TEXT NOT NULL,            -- JSON array
  body TEXT NOT NULL,               -- JSON
  state TEXT NOT NULL CHECK (state = 'pending' OR state = 'delivered' OR state = 'failed'),
  tries INTEGER NOT NULL,
  not_before INTEGER,
  detail TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  end_date INTEGER,
  version INTEGER NOT NULL
) STRICT;
CREATE INDEX notification_pending ON notification (id) WHERE state = 'pending';

ALTER TABLE dag_run ADD COLUMN late_at INTEGER;
