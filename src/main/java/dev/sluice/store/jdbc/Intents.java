package dev.sluice.store.jdbc;

import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Progress;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rows that say what may be on the wire. Only held shards have any: giving back, finishing and
 * taking over remove them.
 */
final class Intents {

  private static final Sql INSERT =
      new Sql(
          """
          INSERT INTO intent (shard_id, first_idx, number, last_idx, created_at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (shard_id, first_idx, number) DO UPDATE SET last_idx = max(last_idx, excluded.last_idx)
          """,
          """
          INSERT INTO intent (shard_id, first_idx, number, last_idx, created_at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (shard_id, first_idx, number) DO UPDATE SET last_idx = greatest(intent.last_idx, excluded.last_idx)
          """);

  private static final String VOID =
      """
      DELETE FROM intent WHERE shard_id = ?
      """;

  private static final String VOID_ONE =
      """
      DELETE FROM intent WHERE shard_id = ? AND first_idx = ? AND number = ?
      """;

  private static final String OF_SHARD =
      """
      SELECT first_idx, last_idx, number FROM intent WHERE shard_id = ?
      """;

  private static final String ATTEMPTS =
      """
      SELECT idx, number FROM attempt WHERE batch_id = ? AND idx BETWEEN ? AND ?
      """;

  private Intents() {}

  private record Range(long first, long last, int number) {

    boolean covers(long index) {
      return first <= index && index <= last;
    }
  }

  private record Try(long index, int number) {}

  /** Says that items may be sent; saying so again changes nothing. */
  static void insert(Session session, Intent intent, long now) throws SQLException {
    session.update(
        INSERT,
        intent.lease().shardId(),
        intent.firstIndex(),
        intent.number(),
        intent.lastIndex(),
        now);
  }

  /** Nothing of the shard is on the wire any more, or all of it has been judged. */
  static void voidAll(Session session, long shardId) throws SQLException {
    session.update(VOID, shardId);
  }

  /** The same of several shards. */
  static void voidAll(Session session, List<Long> shardIds) throws SQLException {
    List<@Nullable Object[]> rows = new ArrayList<>(shardIds.size());
    for (Long id : shardIds) {
      rows.add(new @Nullable Object[] {id});
    }
    var _ = session.updateEach(VOID, rows);
  }

  /** An end of the process from now on is not the item's. */
  static void outlived(Session session, Intent intent) throws SQLException {
    session.update(VOID_ONE, intent.lease().shardId(), intent.firstIndex(), intent.number());
  }

  /**
   * Gives the ordinals of items that an intent covers, and of which neither an outcome nor an
   * attempt of that number tells what became of them.
   */
  static List<Integer> unresolved(
      Session session, long batchId, long shardId, ShardDecoder items, Progress progress)
      throws SQLException {
    List<Range> ranges =
        session.list(
            OF_SHARD, row -> new Range(row.getLong(1), row.getLong(2), row.getInt(3)), shardId);
    Set<Try> tries =
        new HashSet<>(
            session.list(
                ATTEMPTS,
                row -> new Try(row.getLong(1), row.getInt(2)),
                batchId,
                items.firstIndex(),
                items.index(items.itemCount() - 1)));
    List<Integer> unresolved = new ArrayList<>();
    for (int ordinal = 0; ordinal < items.itemCount(); ordinal++) {
      long index = items.index(ordinal);
      boolean settled = progress.settled().get((int) (index - items.firstIndex()));
      if (!settled
          && ranges.stream()
              .anyMatch(
                  range -> range.covers(index) && !tries.contains(new Try(index, range.number)))) {
        unresolved.add(ordinal);
      }
    }
    return unresolved;
  }
}
