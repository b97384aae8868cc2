-- Backfills that carry on into downstream DAGs, and the indexes of what is shown of one.
ALTER TABLE backfill ADD COLUMN cascade INTEGER NOT NULL DEFAULT 0 CHECK (cascade IN (0, 1));
-- The one that carries on into this; NULL: none.
ALTER TABLE backfill ADD COLUMN root_backfill_id INTEGER;
-- JSON: [[backfill_id, window_days], …]
ALTER TABLE backfill ADD COLUMN sources TEXT NOT NULL DEFAULT '[]';
-- Whose schedule says the dates; NULL: its own.
ALTER TABLE backfill ADD COLUMN dates_version_id INTEGER;
CREATE INDEX backfill_cascade ON backfill (root_backfill_id) WHERE root_backfill_id IS NOT NULL;

CREATE INDEX backfill_item_bad ON backfill_item (backfill_id, execution_date)
  WHERE state IN ('failed', 'cancelled');
-- Throughput is read from the runs that ended last.
DROP INDEX dag_run_backfill;
CREATE INDEX dag_run_backfill ON dag_run (backfill_id, end_date) WHERE backfill_id IS NOT NULL;
