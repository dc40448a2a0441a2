package dev.sluice.store.jdbc;

import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.Housekeeping.ClosedShards;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue.History;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.Progress;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Ends what is left of a closed batch, step by step: an untouched shard by {@code closed_as} on its
 * own row, a touched one by an outcome row for each item without one. What may have been sent ends
 * {@code IN_DOUBT}: these shards are held by nobody, so none of their intents is open.
 */
final class ShardClosing {

  private static final String BATCHES =
      """
      SELECT id, state, closed_as FROM batch WHERE closing = 1 AND closed_as IS NOT NULL AND id > ?
      ORDER BY id LIMIT 1
      """;

  private static final Sql READY_SHARDS =
      new Sql(
          """
          SELECT s.id, s.destination_id, s.first_index, s.item_count, s.settled_count, s.touched, s.lease_token
          FROM shard s INDEXED BY shard_ready CROSS JOIN upload u ON u.id = s.upload_id AND u.state = 1
          WHERE s.batch_id = ? AND s.state = 0 LIMIT ?
          """,
          """
          SELECT s.id, s.destination_id, s.first_index, s.item_count, s.settled_count, s.touched, s.lease_token
          FROM shard s JOIN upload u ON u.id = s.upload_id AND u.state = 1
          WHERE s.batch_id = ? AND s.state = 0 LIMIT ? FOR UPDATE OF s SKIP LOCKED
          """);

  private static final Sql WAITING_SHARDS =
      new Sql(
          """
          SELECT s.id, s.destination_id, s.first_index, s.item_count, s.settled_count, s.touched, s.lease_token
          FROM shard s INDEXED BY shard_waiting
          WHERE s.batch_id = ? AND s.state = 1 LIMIT ?
          """,
          """
          SELECT s.id, s.destination_id, s.first_index, s.item_count, s.settled_count, s.touched, s.lease_token
          FROM shard s
          WHERE s.batch_id = ? AND s.state = 1 LIMIT ? FOR UPDATE OF s SKIP LOCKED
          """);

  private static final String CLOSE_WHOLE =
      """
      UPDATE shard SET state = 3, closed_as = ?, closed_at = ?, closed_seq = ?, not_before = NULL
      WHERE id = ? AND state IN (0, 1) AND touched = 0
      """;

  private static final String CLOSE_TOUCHED =
      """
      UPDATE shard SET state = 3, settled_count = item_count, not_before = NULL
      WHERE id = ? AND state IN (0, 1)
      """;

  private static final Sql TAKE_FROM_FLOW =
      new Sql(
          """
          UPDATE flow SET ready_shards = max(0, ready_shards - 1),
            state = CASE WHEN ready_shards > 1 THEN state ELSE 0 END
          WHERE batch_id = ? AND destination_id = ?
          """,
          """
          UPDATE flow SET ready_shards = greatest(0, ready_shards - 1),
            state = CASE WHEN ready_shards > 1 THEN state ELSE 0 END
          WHERE batch_id = ? AND destination_id = ?
          """);

  private static final Sql ALL_DONE =
      new Sql(
          """
          UPDATE batch SET closing = 0 WHERE id = ? AND state = 8
            AND NOT EXISTS (SELECT 1 FROM shard s INDEXED BY shard_leased WHERE s.state = 2 AND s.batch_id = batch.id)
          """,
          """
          UPDATE batch SET closing = 0 WHERE id = ? AND state = 8
            AND NOT EXISTS (SELECT 1 FROM shard s WHERE s.state = 2 AND s.batch_id = batch.id)
          """);

  private record Closing(long batchId, int state, OutcomeState closedAs) {}

  private record Shard(
      long id,
      long destinationId,
      long firstIndex,
      int itemCount,
      int settledCount,
      boolean touched,
      long token) {}

  private ShardClosing() {}

  /** Closes shards, writing about {@code limit} rows. */
  static ClosedShards close(Session session, Instant now, int limit) throws SQLException {
    int closed = 0;
    Map<OutcomeState, Integer> outcomes = new EnumMap<>(OutcomeState.class);
    int rows = 0;
    long afterId = 0;
    while (rows < limit) {
      Closing batch =
          session.first(
              BATCHES,
              row ->
                  new Closing(
                      row.getLong(1), row.getInt(2), StoredNumbers.outcomeState(row.getInt(3))),
              afterId);
      if (batch == null) {
        break;
      }
      afterId = batch.batchId;
      List<Shard> shards = unleased(session, batch.batchId, limit - rows);
      if (!shards.isEmpty()) {
        Counters counters = Counters.of(session, batch.batchId);
        for (Shard shard : shards) {
          if (rows >= limit) {
            break;
          }
          // Items of a batch that was never sealed were never accepted: nobody counts their end.
          Map<OutcomeState, Integer> ended =
              batch.state == StoredNumbers.EXPIRED ? new EnumMap<>(OutcomeState.class) : outcomes;
          rows += close(session, batch, shard, counters, now, ended);
          closed++;
        }
        counters.store(session);
      }
      if (rows < limit) {
        end(session, batch, now);
      }
    }
    return new ClosedShards(closed, outcomes);
  }

  private static void end(Session session, Closing batch, Instant now) throws SQLException {
    if (batch.state == StoredNumbers.EXPIRED) {
      session.update(ALL_DONE, batch.batchId);
    } else {
      Finishing.finish(session, batch.batchId, now.toEpochMilli());
    }
  }

  private static List<Shard> unleased(Session session, long batchId, int limit)
      throws SQLException {
    List<Shard> ready = session.list(READY_SHARDS, ShardClosing::shard, batchId, limit);
    if (ready.size() < limit) {
      ready.addAll(
          session.list(WAITING_SHARDS, ShardClosing::shard, batchId, limit - ready.size()));
    }
    return ready;
  }

  private static Shard shard(ResultSet row) throws SQLException {
    return new Shard(
        row.getLong(1),
        row.getLong(2),
        row.getLong(3),
        row.getInt(4),
        row.getInt(5),
        row.getInt(6) == 1,
        row.getLong(7));
  }

  /** Says that a shard is not ready any more. */
  static void takeFromFlow(Session session, long batchId, long destinationId) throws SQLException {
    session.update(TAKE_FROM_FLOW, batchId, destinationId);
  }

  /** Gives about how many rows it wrote. */
  private static int close(
      Session session,
      Closing batch,
      Shard shard,
      Counters counters,
      Instant now,
      Map<OutcomeState, Integer> ended)
      throws SQLException {
    takeFromFlow(session, batch.batchId, shard.destinationId);
    if (shard.touched) {
      return 1 + closeTouched(session, batch, shard, counters, now, ended);
    }
    long seq = counters.reserve(shard.itemCount);
    int stored = StoredNumbers.of(batch.closedAs);
    if (session.update(CLOSE_WHOLE, stored, now.toEpochMilli(), seq, shard.id) != 1) {
      throw new IllegalStateException("An untouched shard did not close, indicates a bug");
    }
    counters.settled(batch.closedAs, shard.itemCount, now.toEpochMilli());
    ended.merge(batch.closedAs, shard.itemCount, Integer::sum);
    counters.failed(
        new Counters.Reason(
            batch.closedAs, 0, ClosedAs.error(batch.closedAs).code(), shard.destinationId),
        shard.itemCount,
        shard.firstIndex,
        ClosedAs.error(batch.closedAs).message());
    return 1;
  }

  private static int closeTouched(
      Session session,
      Closing batch,
      Shard shard,
      Counters counters,
      Instant now,
      Map<OutcomeState, Integer> ended)
      throws SQLException {
    ShardDecoder items = ShardContents.items(session, shard.id);
    Progress progress = ShardContents.progress(session, batch.batchId, shard.id, items);
    Lease lease = new Lease(shard.id, batch.batchId, shard.destinationId, shard.token);
    List<Outcome> outcomes = new ArrayList<>();
    for (int ordinal = 0; ordinal < items.itemCount(); ordinal++) {
      long index = items.index(ordinal);
      if (!progress.settled().get((int) (index - items.firstIndex()))) {
        History history = progress.histories().get(index);
        boolean doubtful =
            progress.suspects().contains(index) || (history != null && history.maybeSent());
        outcomes.add(
            ClosedAs.outcome(
                index,
                items.id(ordinal),
                doubtful ? OutcomeState.IN_DOUBT : batch.closedAs,
                history == null ? 0 : history.attempts(),
                now));
      }
    }
    OutcomeRows rows = new OutcomeRows(session);
    var _ = rows.insert(lease, outcomes, counters);
    rows.finish();
    outcomes.forEach(outcome -> ended.merge(outcome.state(), 1, Integer::sum));
    if (session.update(CLOSE_TOUCHED, shard.id) != 1) {
      throw new IllegalStateException("A touched shard did not close, indicates a bug");
    }
    Suspects.clearAll(session, shard.id);
    return outcomes.size();
  }
}
