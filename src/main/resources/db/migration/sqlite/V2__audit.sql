-- Who did what (AuditLog). Rows are inserted and, when they are too old, deleted; never changed.
CREATE TABLE audit (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  replica_id INTEGER NOT NULL,                  -- who appended it; each has a chain of its own
  seq        INTEGER NOT NULL,                  -- from 1, without gaps
  at         INTEGER NOT NULL,
  caller     TEXT    NOT NULL,
  tenant     TEXT    NOT NULL,
  action     TEXT    NOT NULL,
  object     TEXT,
  status     INTEGER NOT NULL,
  request_id TEXT    NOT NULL,
  source     TEXT    NOT NULL,
  hash       TEXT    NOT NULL,
  UNIQUE (replica_id, seq)
);
CREATE INDEX audit_object ON audit (object, id) WHERE object IS NOT NULL;
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit record never changes');
END;
