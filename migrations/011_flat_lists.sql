-- Lists that stay as fast with 10,000 DAGs and 100,000 runs as with few.

-- A run by its name alone, and names that begin alike.
CREATE INDEX dag_run_name ON dag_run (run_id);

-- How many DAGs there are, kept by triggers.
CREATE TABLE dag_count (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  n INTEGER NOT NULL                -- not removed
) STRICT;
INSERT INTO dag_count SELECT 1, count(*) FROM dag WHERE removed = 0;
CREATE TRIGGER dag_made AFTER INSERT ON dag WHEN NEW.removed = 0 BEGIN
  UPDATE dag_count SET n = n + 1;
END;
CREATE TRIGGER dag_moved AFTER UPDATE OF removed ON dag WHEN OLD.removed <> NEW.removed BEGIN
  UPDATE dag_count SET n = n + OLD.removed - NEW.removed;
END;
