package dev.sluice.store.jdbc;

import dev.sluice.model.Attempt;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.History;
import dev.sluice.store.ShardQueue.Progress;
import dev.sluice.store.StoreException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Loads payloads of shards, and what earlier holders did with them. */
final class ShardContents {

  private static final String PAYLOAD =
      """
      SELECT payload FROM shard_payload WHERE shard_id = ?
      """;

  private static final String SETTLED =
      """
      SELECT o.idx FROM outcome o INDEXED BY outcome_item
      WHERE o.batch_id = ? AND o.idx BETWEEN ? AND ? AND o.shard_id = ?
      """;

  private static final String SETTLED_IN_RUNS =
      """
      SELECT r.first_idx + coalesce(each.idx, each.n - 1)
      FROM outcome_run r
        CROSS JOIN LATERAL unnest(r.offsets, r.latencies) WITH ORDINALITY AS each(idx, latency, n)
      WHERE r.shard_id = ?
      """;

  private static final String LAST_INDEX =
      """
      SELECT last_index FROM shard WHERE id = ?
      """;

  private static final String ATTEMPTS =
      """
      SELECT idx, kind, started_at, latency, due_at, counted FROM attempt
      WHERE batch_id = ? AND idx BETWEEN ? AND ?
      ORDER BY idx, number
      """;

  private final Terms terms;

  ShardContents(Terms terms) {
    this.terms = terms;
  }

  /** Gives the claimed shard in full. */
  ClaimedShard load(Session session, Claims.Granted granted) throws SQLException {
    ShardDecoder items = items(session, granted.lease().shardId());
    Progress progress =
        granted.touched()
            ? progress(session, granted.lease().batchId(), granted.lease().shardId(), items)
            : null;
    return new ClaimedShard(
        granted.lease(),
        terms.of(session, granted.lease().batchId()),
        granted.destination(),
        granted.firstIndex(),
        granted.itemCount(),
        granted.crashes(),
        items,
        progress);
  }

  /**
   * Gives the items of a shard that must still have them.
   *
   * @throws StoreException {@code CORRUPT} when it has not, or they cannot be read
   */
  static ShardDecoder items(Session session, long shardId) throws SQLException {
    byte[] payload = payload(session, shardId);
    if (payload == null) {
      throw new StoreException(
          StoreException.Kind.CORRUPT, "Shard " + shardId + " has lost its payload");
    }
    return ShardDecoder.open(payload);
  }

  static byte @Nullable [] payload(Session session, long shardId) throws SQLException {
    return session.first(PAYLOAD, row -> row.getBytes(1), shardId);
  }

  /** Gives what earlier holders of a shard did. */
  static Progress progress(Session session, long batchId, long shardId, ShardDecoder items)
      throws SQLException {
    long first = items.firstIndex();
    long last = session.number(LAST_INDEX, shardId).orElseThrow();
    BitSet settled = settled(session, batchId, shardId, first);
    BitSet own = new BitSet();
    for (int ordinal = 0; ordinal < items.itemCount(); ordinal++) {
      own.set((int) (items.index(ordinal) - first));
    }
    Map<Long, History> histories = new HashMap<>();
    session.list(
        ATTEMPTS,
        row -> {
          int offset = (int) (row.getLong(1) - first);
          if (own.get(offset) && !settled.get(offset)) {
            histories.merge(row.getLong(1), history(row), ShardContents::then);
          }
          return offset;
        },
        batchId,
        first,
        last);
    Set<Long> suspects = Suspects.of(session, shardId);
    return new Progress(settled, histories, suspects);
  }

  /** Gives which items have outcomes, by how far their index is from the first of the shard. */
  static BitSet settled(Session session, long batchId, long shardId, long first)
      throws SQLException {
    List<Long> indexes =
        switch (session.dialect()) {
          case SQLITE ->
              session.list(
                  SETTLED,
                  row -> row.getLong(1),
                  batchId,
                  first,
                  session.number(LAST_INDEX, shardId).orElseThrow(),
                  shardId);
          case POSTGRES -> session.list(SETTLED_IN_RUNS, row -> row.getLong(1), shardId);
        };
    BitSet settled = new BitSet();
    for (Long index : indexes) {
      settled.set((int) (index - first));
    }
    return settled;
  }

  private static History history(ResultSet row) throws SQLException {
    Attempt.Kind kind = StoredNumbers.attemptKind(row.getInt(2));
    long started = row.getLong(3);
    long due = row.getLong(5);
    return new History(
        1,
        row.getInt(6),
        kind == Attempt.Kind.MAYBE_SENT,
        Duration.ofMillis(Math.max(0, due - started)),
        Duration.ofMillis(Math.max(0, due - started - row.getLong(4))),
        Instant.ofEpochMilli(due));
  }

  private static History then(History earlier, History next) {
    return new History(
        earlier.attempts() + next.attempts(),
        earlier.counted() + next.counted(),
        earlier.maybeSent() || next.maybeSent(),
        earlier.spent().plus(next.spent()),
        next.lastWait(),
        next.dueAt());
  }
}
