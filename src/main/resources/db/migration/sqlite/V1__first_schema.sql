-- Times are UTC epoch milliseconds; states and kinds are the numbers told in StoredNumbers.java; JSON is text.
-- page_size and auto_vacuum are set before this file runs.

CREATE TABLE replica (
  id         INTEGER PRIMARY KEY AUTOINCREMENT, -- the epoch: lease_owner of everything this process holds
  slot       INTEGER NOT NULL,                  -- column of batch_counter and failure_counter
  name       TEXT    NOT NULL,
  beat       INTEGER NOT NULL DEFAULT 0,
  state      INTEGER NOT NULL,                  -- 0 alive, 1 gone
  started_at INTEGER NOT NULL
);

CREATE TABLE destination (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  key          TEXT    NOT NULL UNIQUE,         -- scheme:host:port, or a configured name
  scheme       TEXT    NOT NULL,
  host         TEXT    NOT NULL,
  port         INTEGER NOT NULL,
  settings     TEXT    NOT NULL,
  paused_since INTEGER,
  paused_until INTEGER,
  pause_reason TEXT,
  parked_until INTEGER,
  park_reason  TEXT,
  breaker      TEXT                             -- open state that outlives the lane
);
CREATE INDEX destination_due_parked ON destination (parked_until) WHERE parked_until IS NOT NULL;
CREATE INDEX destination_due_paused ON destination (paused_until) WHERE paused_until IS NOT NULL;

CREATE TABLE batch (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id        TEXT    NOT NULL UNIQUE,
  tenant           TEXT    NOT NULL,
  kind             INTEGER NOT NULL DEFAULT 0,  -- 0 a client's, 1 internal (callbacks)
  one_shot         INTEGER NOT NULL,
  name             TEXT,
  metadata         TEXT    NOT NULL,
  options          TEXT    NOT NULL,
  options_revision INTEGER NOT NULL DEFAULT 0,  -- grows with every change of options
  template         TEXT,
  idempotency_key  TEXT,
  fingerprint      BLOB,
  created_epoch    INTEGER NOT NULL,            -- replica.id that took it in
  parent_id        INTEGER,
  state            INTEGER NOT NULL,
  resume_state     INTEGER,                     -- where a pause came from
  reason           TEXT,
  weight           INTEGER NOT NULL DEFAULT 1,
  not_before       INTEGER,
  deadline         INTEGER,
  open_timeout     INTEGER NOT NULL,            -- milliseconds
  total            INTEGER NOT NULL DEFAULT 0,
  byte_count       INTEGER NOT NULL DEFAULT 0,
  created_at       INTEGER NOT NULL,
  appended_at      INTEGER NOT NULL,
  sealed_at        INTEGER,
  started_at       INTEGER,
  paused_at        INTEGER,
  cancelled_at     INTEGER,
  finished_at      INTEGER,
  closed_as        INTEGER,                     -- outcome of everything that has none
  closed_at        INTEGER,
  closing          INTEGER NOT NULL DEFAULT 0,  -- 1 while shards are still to be closed
  flow_sync        INTEGER NOT NULL DEFAULT 0,  -- 1 while flows are still to follow the state
  flow_cursor      INTEGER NOT NULL DEFAULT 0,  -- destination_id they have been followed up to
  held_from        INTEGER,                     -- items from this index on wait for the canary
  judged_before    INTEGER NOT NULL DEFAULT 0,  -- outcomes before the last resume: haltOn begins there
  failed_before    INTEGER NOT NULL DEFAULT 0,  -- those of them that were no success
  callback_state   TEXT,
  payloads_dropped INTEGER NOT NULL DEFAULT 0,
  rows_dropped     INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX batch_tenant ON batch (tenant, id);
CREATE UNIQUE INDEX batch_idempotency_key ON batch (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX batch_unsealed ON batch (id) WHERE sealed_at IS NULL AND finished_at IS NULL;
CREATE INDEX batch_unfinished ON batch (id) WHERE sealed_at IS NOT NULL AND finished_at IS NULL;
CREATE INDEX batch_scheduled ON batch (not_before) WHERE state = 1;
CREATE INDEX batch_flow_sync ON batch (id) WHERE flow_sync = 1;
CREATE INDEX batch_closing ON batch (id) WHERE closing = 1;
CREATE INDEX batch_deadline ON batch (deadline)
  WHERE deadline IS NOT NULL AND sealed_at IS NOT NULL AND finished_at IS NULL AND closed_as IS NULL;
CREATE INDEX batch_finished ON batch (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX batch_parent ON batch (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE upload (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  batch_id        INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  state           INTEGER NOT NULL,             -- 0 open, 1 committed, 2 dead
  first_index     INTEGER NOT NULL,
  item_count      INTEGER NOT NULL DEFAULT 0,
  byte_count      INTEGER NOT NULL DEFAULT 0,
  fingerprint     BLOB,
  idempotency_key TEXT,
  opened_at       INTEGER NOT NULL,
  touched_at      INTEGER NOT NULL,
  committed_at    INTEGER
);
CREATE INDEX upload_batch ON upload (batch_id, first_index);
CREATE INDEX upload_unfinished ON upload (state, touched_at) WHERE state <> 1;

CREATE TABLE flow (
  batch_id       INTEGER NOT NULL,
  destination_id INTEGER NOT NULL,
  tag            REAL    NOT NULL DEFAULT 0,    -- virtual start time
  ready_shards   INTEGER NOT NULL DEFAULT 0,
  next_seq       INTEGER NOT NULL DEFAULT 0,
  state          INTEGER NOT NULL DEFAULT 0,    -- 0 idle, 1 active: has ready shards and may be sent
  PRIMARY KEY (batch_id, destination_id)
) WITHOUT ROWID;
CREATE INDEX flow_active ON flow (destination_id, tag, batch_id) WHERE state = 1;

CREATE TABLE shard (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  batch_id       INTEGER NOT NULL,
  upload_id      INTEGER NOT NULL,
  destination_id INTEGER NOT NULL,
  seq            INTEGER NOT NULL,              -- order within the flow
  first_index    INTEGER NOT NULL,
  last_index     INTEGER NOT NULL,
  item_count     INTEGER NOT NULL,
  byte_count     INTEGER NOT NULL,
  settled_count  INTEGER NOT NULL DEFAULT 0,
  touched        INTEGER NOT NULL DEFAULT 0,    -- 1 when attempts, suspects or outcomes exist
  state          INTEGER NOT NULL DEFAULT 0,    -- 0 ready, 1 waiting, 2 leased, 3 done
  not_before     INTEGER,
  lease_owner    INTEGER,
  lease_token    INTEGER NOT NULL DEFAULT 0,
  crashes        INTEGER NOT NULL DEFAULT 0,    -- holders that died with it since anything of it was settled
  closed_as      INTEGER,
  closed_at      INTEGER,
  closed_seq     INTEGER                        -- first of item_count result positions
);
CREATE INDEX shard_upload ON shard (upload_id, first_index);
CREATE INDEX shard_ready ON shard (batch_id, destination_id, seq) WHERE state = 0;
CREATE INDEX shard_waiting ON shard (not_before) WHERE state = 1;
CREATE INDEX shard_leased ON shard (lease_owner) WHERE state = 2;
CREATE INDEX shard_closed ON shard (batch_id, closed_seq) WHERE closed_as IS NOT NULL;

CREATE TABLE shard_payload (
  shard_id INTEGER PRIMARY KEY,
  payload  BLOB NOT NULL
);

CREATE TABLE shard_filter (
  shard_id  INTEGER PRIMARY KEY,
  id_filter BLOB NOT NULL
);

CREATE TABLE outcome (
  batch_id      INTEGER NOT NULL,
  seq           INTEGER NOT NULL,               -- position in commit order
  idx           INTEGER NOT NULL,
  shard_id      INTEGER NOT NULL,
  state         INTEGER NOT NULL,
  status        INTEGER NOT NULL,
  attempts      INTEGER NOT NULL,
  latency       INTEGER NOT NULL,               -- milliseconds
  finished_at   INTEGER NOT NULL,
  captured      INTEGER NOT NULL,               -- 1 when a response row exists
  client_id     TEXT,
  error_code    TEXT,
  error_message TEXT,
  PRIMARY KEY (batch_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX outcome_item ON outcome (batch_id, idx);
CREATE INDEX outcome_unsuccessful ON outcome (batch_id, seq) WHERE state <> 0;

CREATE TABLE response (
  id        INTEGER PRIMARY KEY,
  batch_id  INTEGER NOT NULL,
  idx       INTEGER NOT NULL,
  headers   TEXT    NOT NULL,
  body      BLOB    NOT NULL,
  truncated INTEGER NOT NULL
);
CREATE UNIQUE INDEX response_item ON response (batch_id, idx);

CREATE TABLE attempt (
  batch_id   INTEGER NOT NULL,
  idx        INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  kind       INTEGER NOT NULL,
  status     INTEGER NOT NULL,
  error_code TEXT,
  started_at INTEGER NOT NULL,
  latency    INTEGER NOT NULL,                  -- milliseconds
  due_at     INTEGER NOT NULL,
  counted    INTEGER NOT NULL,
  PRIMARY KEY (batch_id, idx, number)
) WITHOUT ROWID;

-- What may be on the wire: items of a held shard, at the number of their attempt. Gone when the shard is given back,
-- done, or taken over.
CREATE TABLE intent (
  shard_id   INTEGER NOT NULL,
  first_idx  INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  last_idx   INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (shard_id, first_idx, number)
) WITHOUT ROWID;

-- Items during whose attempt a process ended while their shard ran alone. Their shards keep crashes >= 2.
CREATE TABLE suspect (
  shard_id INTEGER NOT NULL,
  idx      INTEGER NOT NULL,
  ends     INTEGER NOT NULL,
  PRIMARY KEY (shard_id, idx)
) WITHOUT ROWID;

CREATE TABLE batch_counter (
  batch_id        INTEGER NOT NULL,
  replica_slot    INTEGER NOT NULL,
  next_seq        INTEGER NOT NULL DEFAULT 1,
  succeeded       INTEGER NOT NULL DEFAULT 0,
  failed          INTEGER NOT NULL DEFAULT 0,
  expired         INTEGER NOT NULL DEFAULT 0,
  cancelled       INTEGER NOT NULL DEFAULT 0,
  rejected        INTEGER NOT NULL DEFAULT 0,
  in_doubt        INTEGER NOT NULL DEFAULT 0,
  attempts        INTEGER NOT NULL DEFAULT 0,
  last_outcome_at INTEGER,
  auth_run        INTEGER NOT NULL DEFAULT 0,   -- outcomes in a row with 401, 403 or 407, the last ones
  PRIMARY KEY (batch_id, replica_slot)
) WITHOUT ROWID;

CREATE TABLE failure_counter (
  batch_id       INTEGER NOT NULL,
  replica_slot   INTEGER NOT NULL,
  state          INTEGER NOT NULL,
  status         INTEGER NOT NULL,
  error_code     TEXT    NOT NULL,              -- '' when none
  destination_id INTEGER NOT NULL,
  item_count     INTEGER NOT NULL,
  sample_index   INTEGER NOT NULL,
  sample_message TEXT,
  PRIMARY KEY (batch_id, replica_slot, state, status, error_code, destination_id)
) WITHOUT ROWID;

CREATE TABLE redriven (
  parent_id INTEGER NOT NULL,
  idx       INTEGER NOT NULL,
  upload_id INTEGER NOT NULL,                   -- of the child
  PRIMARY KEY (parent_id, idx, upload_id)
) WITHOUT ROWID;
CREATE INDEX redriven_upload ON redriven (upload_id);

CREATE TABLE resolution (
  batch_id    INTEGER NOT NULL,
  idx         INTEGER NOT NULL,
  resolved_as INTEGER NOT NULL,
  note        TEXT,
  resolved_by TEXT    NOT NULL,
  resolved_at INTEGER NOT NULL,
  PRIMARY KEY (batch_id, idx)
) WITHOUT ROWID;

-- What replicas publish each second. One process keeps it in memory; several share it here.
CREATE TABLE lane_snapshot (
  replica_slot   INTEGER NOT NULL,
  destination_id INTEGER NOT NULL,
  published_at   INTEGER NOT NULL,
  snapshot       TEXT    NOT NULL,
  PRIMARY KEY (replica_slot, destination_id)
) WITHOUT ROWID;

CREATE TABLE flow_snapshot (
  replica_slot   INTEGER NOT NULL,
  batch_id       INTEGER NOT NULL,
  destination_id INTEGER NOT NULL,
  published_at   INTEGER NOT NULL,
  snapshot       TEXT    NOT NULL,
  PRIMARY KEY (replica_slot, batch_id, destination_id)
) WITHOUT ROWID;
