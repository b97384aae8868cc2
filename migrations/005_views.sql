-- What the screens and the lists read. A new run takes two more index entries, an ended one two or three.
-- Queries of a partial index repeat its WHERE clause.

-- Newest ended runs of one DAG (past durations) and of all (overview).
CREATE INDEX dag_run_ended ON dag_run (dag_id, end_date) WHERE end_date IS NOT NULL;
CREATE INDEX dag_run_end ON dag_run (end_date) WHERE end_date IS NOT NULL;
-- A DAG's runs by id, all runs by date, the failed ones of a DAG; the DAGs that are there.
CREATE INDEX dag_run_dag ON dag_run (dag_id);
CREATE INDEX dag_run_date ON dag_run (execution_date);
CREATE INDEX dag_run_failed_of_dag ON dag_run (dag_id) WHERE state = 'failed';
CREATE INDEX dag_present ON dag (dag_id) WHERE removed = 0;

-- How many there are, so that no list counts rows. Kept by triggers: nobody who writes can forget it.
CREATE TABLE run_count (
  dag_id TEXT NOT NULL,
  state TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (dag_id, state)
) STRICT, WITHOUT ROWID;
CREATE TABLE task_count (
  dag_id TEXT PRIMARY KEY,
  n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO run_count SELECT dag_id, state, count(*) FROM dag_run GROUP BY dag_id, state;
INSERT INTO task_count SELECT r.dag_id, count(*) FROM dag_run r JOIN task_instance t ON t.dag_run_id = r.id
  GROUP BY r.dag_id;

CREATE TRIGGER dag_run_made AFTER INSERT ON dag_run BEGIN
  INSERT INTO run_count VALUES (NEW.dag_id, NEW.state, 1) ON CONFLICT (dag_id, state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER dag_run_moved AFTER UPDATE OF state ON dag_run WHEN OLD.state <> NEW.state BEGIN
  UPDATE run_count SET n = n - 1 WHERE dag_id = OLD.dag_id AND state = OLD.state;
  INSERT INTO run_count VALUES (NEW.dag_id, NEW.state, 1) ON CONFLICT (dag_id, state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER dag_run_deleted AFTER DELETE ON dag_run BEGIN
  UPDATE run_count SET n = n - 1 WHERE dag_id = OLD.dag_id AND state = OLD.state;
END;
CREATE TRIGGER task_instance_made AFTER INSERT ON task_instance BEGIN
  INSERT INTO task_count SELECT dag_id, 1 FROM dag_run WHERE id = NEW.dag_run_id
    ON CONFLICT (dag_id) DO UPDATE SET n = n + 1;
END;
-- Before its run, whose row it needs.
CREATE TRIGGER task_instance_deleted AFTER DELETE ON task_instance BEGIN
  UPDATE task_count SET n = n - 1 WHERE dag_id = (SELECT dag_id FROM dag_run WHERE id = OLD.dag_run_id);
END;
