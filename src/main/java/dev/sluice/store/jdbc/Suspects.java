package dev.sluice.store.jdbc;

import dev.sluice.model.Attempt;
import dev.sluice.model.Outcome;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Settlement;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/**
 * Items during whose attempt a process ended while their shard ran alone. Whatever an item is
 * settled with, or tried with, clears it, and so does a process that outlives its sending.
 */
final class Suspects {

  /** Ends of a process after which an item is not sent again. */
  static final int POISON_FROM = 2;

  /** How old a process is when it tries a suspect. */
  static final long WAIT_MILLIS = 5_000;

  private static final String OF_SHARD =
      """
      SELECT idx FROM suspect WHERE shard_id = ?
      """;

  private static final String BLAME =
      """
      INSERT INTO suspect (shard_id, idx, ends) VALUES (?, ?, 1)
      ON CONFLICT (shard_id, idx) DO UPDATE SET ends = suspect.ends + 1
      RETURNING ends
      """;

  private static final String CLEAR =
      """
      DELETE FROM suspect WHERE shard_id = ? AND idx = ?
      """;

  private static final String SHARDS =
      """
      SELECT id, batch_id, destination_id, state FROM shard
      WHERE id IN (SELECT shard_id FROM suspect) AND state IN (0, 1)
      """;

  private static final Sql POSTPONE =
      new Sql(
          """
          UPDATE shard SET state = 1, not_before = max(coalesce(not_before, 0), ?) WHERE id = ?
          """,
          """
          UPDATE shard SET state = 1, not_before = greatest(coalesce(not_before, 0), ?) WHERE id = ?
          """);

  private static final String CLEAR_ALL =
      """
      DELETE FROM suspect WHERE shard_id = ?
      """;

  /** A whole scan, once for every item that is found to end processes. */
  private static final String EXPLAIN_CRASHES =
      """
      UPDATE shard SET crashes = 0
      WHERE crashes > 0 AND state <> 3
        AND NOT EXISTS (SELECT 1 FROM suspect WHERE suspect.shard_id = shard.id)
      """;

  private Suspects() {}

  static Set<Long> of(Session session, long shardId) throws SQLException {
    return new HashSet<>(session.list(OF_SHARD, row -> row.getLong(1), shardId));
  }

  /** Counts one end of a process against an item; gives how many there are now. */
  static int blame(Session session, long shardId, long index) throws SQLException {
    return (int) session.number(BLAME, shardId, index).orElseThrow();
  }

  /**
   * Clears what was settled, tried or outlived; gives whether that leaves no suspect in the shard.
   */
  static boolean clear(Session session, Settlement settlement) throws SQLException {
    long shardId = settlement.lease().shardId();
    Set<Long> left = of(session, shardId);
    if (left.isEmpty()) {
      return true;
    }
    for (Outcome outcome : settlement.outcomes()) {
      clear(session, shardId, outcome.index(), left);
    }
    for (Attempt attempt : settlement.attempts()) {
      clear(session, shardId, attempt.index(), left);
    }
    for (Intent intent : settlement.outlived()) {
      clear(session, shardId, intent.firstIndex(), left);
    }
    return left.isEmpty();
  }

  private static void clear(Session session, long shardId, long index, Set<Long> left)
      throws SQLException {
    if (left.remove(index)) {
      session.update(CLEAR, shardId, index);
    }
  }

  static void clear(Session session, long shardId, long index) throws SQLException {
    session.update(CLEAR, shardId, index);
  }

  /** The shard is done. */
  static void clearAll(Session session, long shardId) throws SQLException {
    session.update(CLEAR_ALL, shardId);
  }

  /**
   * Has the shards of all suspects wait: a process that ends again and again soon after its start
   * ends during no trial. They are ready or wait, and counted in their flows.
   */
  static void postpone(Session session, long until) throws SQLException {
    for (Waiting shard :
        session.list(
            SHARDS,
            row -> new Waiting(row.getLong(1), row.getLong(2), row.getLong(3), row.getInt(4)))) {
      session.update(POSTPONE, until, shard.id);
      if (shard.state == StoredNumbers.SHARD_READY) {
        ShardClosing.takeFromFlow(session, shard.batchId, shard.destinationId);
      }
    }
  }

  private record Waiting(long id, long batchId, long destinationId, int state) {}

  /**
   * What ended the processes has been found: shards that were only held meanwhile need not run
   * alone.
   */
  static void explainCrashes(Session session) throws SQLException {
    session.update(EXPLAIN_CRASHES);
  }
}
