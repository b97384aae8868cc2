CREATE TABLE variable (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  description TEXT NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: the highest ids of runs that were deleted and of what they had. Never given again: events name
-- them.
CREATE TABLE id_floor (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  run INTEGER NOT NULL,
  task_instance INTEGER NOT NULL,
  task_attempt INTEGER NOT NULL
) STRICT;
INSERT INTO id_floor VALUES (1, 0, 0, 0);
