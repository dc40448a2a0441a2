package dev.sluice.store.jdbc;

import dev.sluice.store.AuditLog;
import dev.sluice.store.BatchReader;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.LimitShares;
import dev.sluice.store.ShardQueue;

/** What a store is to the rest of the house. */
record StoreRoles(
    BatchWriter batchWriter,
    ShardQueue shardQueue,
    ControlBoard controlBoard,
    BatchReader batchReader,
    Housekeeping housekeeping,
    AuditLog auditLog,
    LimitShares limitShares) {

  static StoreRoles of(StoreParts parts, PublicIds ids) {
    return new StoreRoles(
        new JdbcBatchWriter(parts, ids),
        new JdbcShardQueue(parts),
        new JdbcControlBoard(parts),
        new JdbcBatchReader(parts),
        new JdbcHousekeeping(parts),
        new JdbcAuditLog(parts),
        parts.sharesStore() ? new PostgresShares(parts.writer()) : LimitShares.WHOLE);
  }
}
