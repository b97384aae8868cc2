-- By what the values of a DAG's secrets are found again in logs and outputs, to be masked there. No value,
-- and nothing that leads to one without the file `secrets.key`. Kept for ever, as logs may be.
CREATE TABLE secret_print (
  dag_id TEXT NOT NULL,
  digest TEXT NOT NULL,             -- HMAC-SHA256 of the value
  name TEXT NOT NULL,               -- the variable that held it first
  bytes INTEGER NOT NULL,
  rolling INTEGER NOT NULL,
  PRIMARY KEY (dag_id, digest)
) STRICT, WITHOUT ROWID;
