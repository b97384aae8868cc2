-- Totals over all DAGs, so that no answer adds up a row per DAG, and what the list of failing DAGs asks for.

CREATE TABLE run_total (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  queued INTEGER NOT NULL,
  running INTEGER NOT NULL,
  success INTEGER NOT NULL,
  failed INTEGER NOT NULL
) STRICT;
INSERT INTO run_total SELECT 1,
  coalesce(sum(n) FILTER (WHERE state = 'queued'), 0), coalesce(sum(n) FILTER (WHERE state = 'running'), 0),
  coalesce(sum(n) FILTER (WHERE state = 'success'), 0), coalesce(sum(n) FILTER (WHERE state = 'failed'), 0)
  FROM run_count;
CREATE TRIGGER dag_run_made_total AFTER INSERT ON dag_run BEGIN
  UPDATE run_total SET queued = queued + (NEW.state = 'queued'), running = running + (NEW.state = 'running'),
    success = success + (NEW.state = 'success'), failed = failed + (NEW.state = 'failed');
END;
CREATE TRIGGER dag_run_moved_total AFTER UPDATE OF state ON dag_run WHEN OLD.state <> NEW.state BEGIN
  UPDATE run_total SET queued = queued + (NEW.state = 'queued') - (OLD.state = 'queued'),
    running = running + (NEW.state = 'running') - (OLD.state = 'running'),
    success = success + (NEW.state = 'success') - (OLD.state = 'success'),
    failed = failed + (NEW.state = 'failed') - (OLD.state = 'failed');
END;
CREATE TRIGGER dag_run_deleted_total AFTER DELETE ON dag_run BEGIN
  UPDATE run_total SET queued = queued - (OLD.state = 'queued'), running = running - (OLD.state = 'running'),
    success = success - (OLD.state = 'success'), failed = failed - (OLD.state = 'failed');
END;

-- Task instances are counted by the store once for each run of a transaction: a trigger on each row was a
-- third of what it costs to write one.
CREATE TABLE task_total (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  n INTEGER NOT NULL
) STRICT;
INSERT INTO task_total SELECT 1, coalesce(sum(n), 0) FROM task_count;
DROP TRIGGER task_instance_made;
DROP TRIGGER task_instance_deleted;

-- DAGs whose newest ended run failed, and when it ended.
CREATE TABLE failing_dag (
  dag_id TEXT PRIMARY KEY,
  end_date INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO failing_dag
  SELECT dag_id, end_date FROM dag_run r WHERE state = 'failed' AND id = (
    SELECT id FROM dag_run INDEXED BY dag_run_ended WHERE dag_id = r.dag_id AND end_date IS NOT NULL
    ORDER BY end_date DESC, id DESC LIMIT 1);
CREATE TRIGGER dag_run_made_failing AFTER INSERT ON dag_run WHEN NEW.end_date IS NOT NULL BEGIN
  DELETE FROM failing_dag WHERE dag_id = NEW.dag_id;
  INSERT INTO failing_dag SELECT NEW.dag_id, end_date FROM (
    SELECT end_date, state FROM dag_run INDEXED BY dag_run_ended
    WHERE dag_id = NEW.dag_id AND end_date IS NOT NULL ORDER BY end_date DESC, id DESC LIMIT 1)
    WHERE state = 'failed';
END;
CREATE TRIGGER dag_run_moved_failing AFTER UPDATE OF state, end_date ON dag_run
WHEN (OLD.end_date IS NOT NULL OR NEW.end_date IS NOT NULL)
  AND (OLD.state <> NEW.state OR OLD.end_date IS NOT NEW.end_date) BEGIN
  DELETE FROM failing_dag WHERE dag_id = NEW.dag_id;
  INSERT INTO failing_dag SELECT NEW.dag_id, end_date FROM (
    SELECT end_date, state FROM dag_run INDEXED BY dag_run_ended
    WHERE dag_id = NEW.dag_id AND end_date IS NOT NULL ORDER BY end_date DESC, id DESC LIMIT 1)
    WHERE state = 'failed';
END;
CREATE TRIGGER dag_run_deleted_failing AFTER DELETE ON dag_run WHEN OLD.end_date IS NOT NULL BEGIN
  DELETE FROM failing_dag WHERE dag_id = OLD.dag_id;
  INSERT INTO failing_dag SELECT OLD.dag_id, end_date FROM (
    SELECT end_date, state FROM dag_run INDEXED BY dag_run_ended
    WHERE dag_id = OLD.dag_id AND end_date IS NOT NULL ORDER BY end_date DESC, id DESC LIMIT 1)
    WHERE state = 'failed';
END;
