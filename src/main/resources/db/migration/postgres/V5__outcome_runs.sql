-- Outcomes of one shard that were committed together are one row: an array for each column, as OutcomeRuns writes them. A row
-- for each outcome, with two index entries, was half of what an item cost the server. That no item gets a second outcome is
-- for those who write to see, who have locked the shard; that none has too many, for the check below.
-- What a replica of before is just writing must not come between the copy and the drop.
LOCK TABLE shard IN ACCESS EXCLUSIVE MODE;
LOCK TABLE outcome IN ACCESS EXCLUSIVE MODE;

CREATE TABLE outcome_run (
  batch_id       BIGINT  NOT NULL,
  seq            BIGINT  NOT NULL,              -- position in commit order of the first; the others follow
  shard_id       BIGINT  NOT NULL,
  first_idx      BIGINT  NOT NULL,              -- smallest index
  last_idx       BIGINT  NOT NULL,              -- largest index
  finished_at    BIGINT  NOT NULL,              -- smallest
  item_count     INTEGER NOT NULL,
  unsuccessful   INTEGER NOT NULL,              -- how many did not succeed
  offsets        INTEGER[],                     -- index - first_idx; NULL: 0, 1, 2, ...
  states         SMALLINT[],                    -- NULL: all succeeded
  statuses       SMALLINT[],                    -- NULL: 200
  attempts       INTEGER[],                     -- NULL: 1
  captured       SMALLINT[],                    -- 1 when a response row exists; NULL: 0
  latencies      INTEGER[] NOT NULL,            -- milliseconds
  delays         INTEGER[],                     -- finished at - finished_at; NULL: 0
  client_ids     TEXT[],
  error_codes    TEXT[],
  error_messages TEXT[],
  PRIMARY KEY (batch_id, seq)
);
-- A run without errors and names fits on a page; to compress numbers is not worth it.
ALTER TABLE outcome_run SET (toast_tuple_target = 8160);
ALTER TABLE outcome_run ALTER COLUMN offsets SET STORAGE EXTERNAL, ALTER COLUMN states SET STORAGE EXTERNAL,
  ALTER COLUMN statuses SET STORAGE EXTERNAL, ALTER COLUMN attempts SET STORAGE EXTERNAL,
  ALTER COLUMN captured SET STORAGE EXTERNAL, ALTER COLUMN latencies SET STORAGE EXTERNAL,
  ALTER COLUMN delays SET STORAGE EXTERNAL;

INSERT INTO outcome_run (batch_id, seq, shard_id, first_idx, last_idx, finished_at, item_count, unsuccessful, states,
  statuses, attempts, captured, latencies, client_ids, error_codes, error_messages)
SELECT batch_id, seq, shard_id, idx, idx, finished_at, 1, CASE WHEN state = 0 THEN 0 ELSE 1 END,
  CASE WHEN state <> 0 THEN ARRAY[state] END, CASE WHEN status <> 200 THEN ARRAY[status] END,
  CASE WHEN attempts <> 1 THEN ARRAY[attempts] END, CASE WHEN captured <> 0 THEN ARRAY[captured] END,
  ARRAY[least(latency, 2147483647)],
  CASE WHEN client_id IS NOT NULL THEN ARRAY[client_id] END,
  CASE WHEN error_code IS NOT NULL THEN ARRAY[error_code] END,
  CASE WHEN error_message IS NOT NULL THEN ARRAY[error_message] END
FROM outcome;
CREATE INDEX outcome_run_shard ON outcome_run (shard_id);
CREATE INDEX outcome_run_unsuccessful ON outcome_run (batch_id, seq) WHERE unsuccessful > 0;
DROP TABLE outcome;

ALTER TABLE shard ADD CONSTRAINT shard_no_second_outcome CHECK (settled_count <= item_count);
