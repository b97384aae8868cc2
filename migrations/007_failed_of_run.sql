-- What failed in the runs of one DAG.
CREATE INDEX task_instance_failed_of_run ON task_instance (dag_run_id) WHERE state = 'failed';
