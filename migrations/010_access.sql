-- Who may come in, what they did, and the answers kept for those who ask twice.

-- Of a secret only its SHA-256 is kept.
CREATE TABLE token (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role = 'viewer' OR role = 'operator' OR role = 'author' OR role = 'admin'),
  dags TEXT NOT NULL,               -- JSON array of patterns; empty: every DAG
  secret_sha256 TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,             -- coarse: written every ten minutes at most
  revoked_at INTEGER
) STRICT;

-- A browser that has logged in, or a bearer of POST /auth/token. Lives no longer than its token.
CREATE TABLE session (
  id TEXT PRIMARY KEY,
  secret_sha256 TEXT NOT NULL UNIQUE,
  token_id TEXT NOT NULL,           -- of the file `admin.token` and of tokens.json there is no row
  kind TEXT NOT NULL CHECK (kind = 'browser' OR kind = 'bearer'),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  remote TEXT NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX session_expiry ON session (expires_at);

-- Written in the transaction of the effect that it stands for. status 0: the effect is here, its answer
-- isn't.
CREATE TABLE idempotency_key (
  owner TEXT NOT NULL,              -- token id
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,        -- of method, path, query and body
  created_at INTEGER NOT NULL,
  status INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);

-- Append-only and chained: hash = SHA-256 over the row and its predecessor's hash.
CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  token_id TEXT NOT NULL,
  role TEXT NOT NULL,
  remote TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  request_id TEXT NOT NULL,
  changes TEXT NOT NULL,            -- JSON array: object, before, after
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_log_who ON audit_log (who);
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
