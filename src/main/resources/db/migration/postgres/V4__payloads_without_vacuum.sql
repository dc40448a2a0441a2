-- Payloads are inserted, read once or a few times, and deleted when their batch has ended for long enough. A vacuum that comes
-- because rows were inserted would read all of them and write each page to the log once more, to spare later scans of the
-- whole table, of which there are none. After deletes it comes as ever.
ALTER TABLE shard_payload SET (autovacuum_vacuum_insert_threshold = -1, toast.autovacuum_vacuum_insert_threshold = -1);
