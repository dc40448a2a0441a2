package dev.sluice.store.jdbc;

import dev.sluice.model.Attempt;
import dev.sluice.model.Outcome;
import dev.sluice.store.ShardQueue.Settlement;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/**
 * Items during whose attempt a process ended while their shard ran alone. Whatever an item is
 * settled with, or tried with, clears it: it was sent and the process lives.
 */
final class Suspects {

  /** Ends of a process after which an item is not sent again. */
  static final int POISON_FROM = 2;

  private static final String OF_SHARD =
      """
      SELECT idx FROM suspect WHERE shard_id = ?
      """;

  private static final String BLAME =
      """
      INSERT INTO suspect (shard_id, idx, ends) VALUES (?, ?, 1)
      ON CONFLICT (shard_id, idx) DO UPDATE SET ends = ends + 1
      RETURNING ends
      """;

  private static final String CLEAR =
      """
      DELETE FROM suspect WHERE shard_id = ? AND idx = ?
      """;

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

  /** Clears what was settled or tried; gives whether that leaves no suspect in the shard. */
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
   * What ended the processes has been found: shards that were only held meanwhile need not run
   * alone.
   */
  static void explainCrashes(Session session) throws SQLException {
    session.update(EXPLAIN_CRASHES);
  }
}
