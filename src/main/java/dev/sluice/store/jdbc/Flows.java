package dev.sluice.store.jdbc;

import java.sql.SQLException;
import java.util.List;

/**
 * Keeps {@code flow.state} true: active means that it has ready shards and its batch may be sent. A
 * flow that becomes active starts at the smallest active tag of its destination, so having been
 * away earns nothing.
 */
final class Flows {

  /** Flows followed in the transaction that seals or resumes: a small batch starts at once. */
  static final int AT_ONCE = 500;

  private static final String SMALLEST_TAG =
      """
      SELECT tag FROM flow WHERE destination_id = ? AND state = 1 ORDER BY tag LIMIT 1
      """;

  private static final Sql ACTIVATE =
      new Sql(
          """
          UPDATE flow SET state = 1, tag = max(tag, ?)
          WHERE batch_id = ? AND destination_id = ? AND state = 0 AND ready_shards > 0
          """,
          """
          UPDATE flow SET state = 1, tag = greatest(tag, ?)
          WHERE batch_id = ? AND destination_id = ? AND state = 0 AND ready_shards > 0
          """);

  /** What is counted in it meanwhile is seen by the statement that follows. */
  private static final Sql LOCK =
      new Sql(
          """
          SELECT 1 FROM flow WHERE batch_id = ? AND destination_id = ?
          """,
          """
          SELECT 1 FROM flow WHERE batch_id = ? AND destination_id = ? FOR UPDATE
          """);

  private static final String ADD_READY =
      """
      UPDATE flow SET ready_shards = ready_shards + ? WHERE batch_id = ? AND destination_id = ?
      """;

  private static final String IS_DISPATCHABLE =
      """
      SELECT 1 FROM batch WHERE id = ? AND state IN (2, 3) AND closed_as IS NULL
      """;

  private static final String IS_ACTIVE =
      """
      SELECT 1 FROM flow WHERE batch_id = ? AND destination_id = ? AND state = 1
      """;

  private static final String MARK_UNSYNCED =
      """
      UPDATE batch SET flow_sync = 1, flow_cursor = 0 WHERE id = ?
      """;

  private static final Sql UNSYNCED =
      new Sql(
          """
          SELECT id, state IN (2, 3) AND closed_as IS NULL, flow_cursor FROM batch WHERE flow_sync = 1 ORDER BY id LIMIT ?
          """,
          """
          SELECT id, CASE WHEN state IN (2, 3) AND closed_as IS NULL THEN 1 ELSE 0 END, flow_cursor FROM batch WHERE flow_sync = 1 ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED
          """);

  private static final Sql UNSYNCED_ONE =
      new Sql(
          """
          SELECT id, state IN (2, 3) AND closed_as IS NULL, flow_cursor FROM batch
          WHERE id = ? AND flow_sync = 1
          """,
          """
          SELECT id, CASE WHEN state IN (2, 3) AND closed_as IS NULL THEN 1 ELSE 0 END, flow_cursor FROM batch
          WHERE id = ? AND flow_sync = 1
          """);

  private static final String NEXT_FLOWS =
      """
      SELECT destination_id FROM flow WHERE batch_id = ? AND destination_id > ? ORDER BY destination_id LIMIT ?
      """;

  private static final String DEACTIVATE =
      """
      UPDATE flow SET state = 0 WHERE batch_id = ? AND destination_id > ? AND destination_id <= ? AND state = 1
      """;

  private static final String ADVANCE =
      """
      UPDATE batch SET flow_cursor = ?, flow_sync = ? WHERE id = ?
      """;

  private static final Sql START_SCHEDULED =
      new Sql(
          """
          UPDATE batch SET state = 2, flow_sync = 1, flow_cursor = 0
          WHERE id IN (SELECT id FROM batch WHERE state = 1 AND not_before <= ? ORDER BY not_before LIMIT ?)
          """,
          """
          UPDATE batch SET state = 2, flow_sync = 1, flow_cursor = 0
          WHERE id IN (SELECT id FROM batch WHERE state = 1 AND not_before <= ? ORDER BY not_before LIMIT ? FOR UPDATE SKIP LOCKED)
          """);

  private final Readiness readiness;

  Flows(Readiness readiness) {
    this.readiness = readiness;
  }

  private record Unsynced(long batchId, boolean sendable, long cursor) {}

  /** Counts shards that became claimable; activates the flow when its batch may be sent. */
  void shardsBecameReady(Session session, long batchId, long destinationId, int count)
      throws SQLException {
    session.update(ADD_READY, count, batchId, destinationId);
    if (session.exists(IS_ACTIVE, batchId, destinationId)) {
      readiness.changed(session);
    } else if (session.exists(IS_DISPATCHABLE, batchId)) {
      activate(session, batchId, destinationId);
      readiness.changed(session);
    }
  }

  private static void activate(Session session, long batchId, long destinationId)
      throws SQLException {
    session.list(LOCK, _ -> Boolean.TRUE, batchId, destinationId);
    double tag = 0;
    Double smallest = session.first(SMALLEST_TAG, row -> row.getDouble(1), destinationId);
    if (smallest != null) {
      tag = smallest;
    }
    session.update(ACTIVATE, tag, batchId, destinationId);
  }

  /** The state of a batch changed: follows with some flows at once, the rest is housekeeping. */
  void batchChanged(Session session, long batchId) throws SQLException {
    session.update(MARK_UNSYNCED, batchId);
    Unsynced unsynced =
        session.first(
            UNSYNCED_ONE,
            row -> new Unsynced(row.getLong(1), row.getInt(2) == 1, row.getLong(3)),
            batchId);
    if (unsynced != null) {
      follow(session, unsynced, AT_ONCE);
    }
  }

  /** Follows up to {@code limit} flows of changed batches; gives how many it looked at. */
  int follow(Session session, int limit) throws SQLException {
    int moved = 0;
    while (moved < limit) {
      List<Unsynced> batches =
          session.list(
              UNSYNCED,
              row -> new Unsynced(row.getLong(1), row.getInt(2) == 1, row.getLong(3)),
              16);
      if (batches.isEmpty()) {
        break;
      }
      for (Unsynced batch : batches) {
        if (moved < limit) {
          moved += Math.max(1, follow(session, batch, limit - moved));
        }
      }
    }
    return moved;
  }

  private int follow(Session session, Unsynced batch, int limit) throws SQLException {
    List<Long> destinations =
        session.list(NEXT_FLOWS, row -> row.getLong(1), batch.batchId, batch.cursor, limit);
    boolean last = destinations.size() < limit;
    if (!destinations.isEmpty() && batch.sendable) {
      for (Long destination : destinations) {
        activate(session, batch.batchId, destination);
      }
      // Flows that had not been taken out since the pause became claimable, too.
      readiness.changed(session);
    } else if (!destinations.isEmpty()) {
      session.update(DEACTIVATE, batch.batchId, batch.cursor, destinations.getLast());
    }
    long cursor = destinations.isEmpty() ? batch.cursor : destinations.getLast();
    session.update(ADVANCE, cursor, last ? 0 : 1, batch.batchId);
    return destinations.size();
  }

  /** Makes scheduled batches whose time has come {@code QUEUED}; gives how many. */
  int startScheduled(Session session, long now, int limit) throws SQLException {
    return session.update(START_SCHEDULED, now, limit);
  }
}
