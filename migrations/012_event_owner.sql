-- Whose request a line of the record comes from; empty: nobody's. Until now a cause said it, as its last
-- word.
ALTER TABLE event ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE event SET owner = substr(cause, length(rtrim(cause, replace(cause, ' ', ''))) + 1)
  WHERE cause LIKE '% by ' || substr(cause, length(rtrim(cause, replace(cause, ' ', ''))) + 1);
CREATE INDEX event_owner ON event (owner) WHERE owner <> '';
