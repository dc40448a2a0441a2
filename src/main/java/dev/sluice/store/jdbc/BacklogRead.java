package dev.sluice.store.jdbc;

import dev.sluice.model.BatchState;
import dev.sluice.store.BacklogBoard;
import dev.sluice.store.BacklogBoard.Backlog;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Adds up what is not finished: unfinished batches have an index, and what ended has counters. */
final class BacklogRead {

  private static final Sql BY_STATE =
      Sql.both(
          """
          SELECT w.state, count(*), sum(w.total - w.settled), min(w.sealed_at),
            sum(CASE WHEN w.settled < w.total AND w.moved_at < ? THEN 1 ELSE 0 END)
          FROM (
            SELECT b.state, b.total, b.sealed_at,
              coalesce((
                SELECT sum(c.succeeded + c.failed + c.expired + c.cancelled + c.rejected + c.in_doubt)
                FROM batch_counter c WHERE c.batch_id = b.id), 0) AS settled,
              coalesce((
                SELECT nullif(max(c.last_outcome_at), 0) FROM batch_counter c WHERE c.batch_id = b.id),
                b.started_at, b.sealed_at) AS moved_at
            FROM batch b
            WHERE b.sealed_at IS NOT NULL AND b.finished_at IS NULL
            ORDER BY b.id LIMIT ?) w
          GROUP BY w.state
          """);

  private BacklogRead() {}

  static Backlog of(Session session, Instant stalledSince) throws SQLException {
    Map<BatchState, Integer> batches = new EnumMap<>(BatchState.class);
    long items = 0;
    int stalled = 0;
    Instant oldest = null;
    for (Part part :
        session.list(
            BY_STATE, BacklogRead::part, stalledSince.toEpochMilli(), BacklogBoard.BATCHES)) {
      batches.put(part.state, part.batchCount);
      if (part.state == BatchState.QUEUED || part.state == BatchState.RUNNING) {
        items += part.itemCount;
        oldest = earlier(oldest, part.oldest);
      }
      if (part.state == BatchState.RUNNING) {
        stalled = part.stalledCount;
      }
    }
    return new Backlog(batches, items, oldest, stalled);
  }

  private static Instant earlier(@Nullable Instant one, Instant other) {
    return one == null || other.isBefore(one) ? other : one;
  }

  private static Part part(ResultSet row) throws SQLException {
    return new Part(
        StoredNumbers.batchState(row.getInt(1)),
        row.getInt(2),
        row.getLong(3),
        Instant.ofEpochMilli(row.getLong(4)),
        row.getInt(5));
  }

  private record Part(
      BatchState state, int batchCount, long itemCount, Instant oldest, int stalledCount) {}
}
