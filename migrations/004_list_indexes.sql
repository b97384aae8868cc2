-- What lists over all of history look for: the lines of a DAG, and what failed.
CREATE INDEX event_dag ON event (dag_id);
CREATE INDEX dag_run_failed ON dag_run (id) WHERE state = 'failed';
CREATE INDEX task_instance_failed ON task_instance (id) WHERE state = 'failed';
