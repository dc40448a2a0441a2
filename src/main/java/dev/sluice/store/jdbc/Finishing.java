package dev.sluice.store.jdbc;

import dev.sluice.store.BatchRef;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decides that a batch is over: the counters reach the total. */
final class Finishing {

  /** A batch that is being cancelled ends cancelled, whatever its outcomes were. */
  private static final String FINISH =
      """
      UPDATE batch
      SET state = CASE WHEN state = 5 THEN 7 ELSE 6 END, finished_at = ?, closing = 0, flow_sync = 0,
        resume_state = NULL
      WHERE id = ? AND state IN (1, 2, 3, 4, 5)
        AND total <= coalesce((
          SELECT sum(c.succeeded + c.failed + c.expired + c.cancelled + c.rejected + c.in_doubt)
          FROM batch_counter c WHERE c.batch_id = batch.id), 0)
      RETURNING id, public_id
      """;

  private static final String DRAINED =
      """
      SELECT b.id FROM batch b
      WHERE b.finished_at IS NULL AND b.state IN (1, 2, 3, 4, 5)
        AND (b.sealed_at IS NOT NULL OR b.closing = 1)
        AND b.total <= coalesce((
          SELECT sum(c.succeeded + c.failed + c.expired + c.cancelled + c.rejected + c.in_doubt)
          FROM batch_counter c WHERE c.batch_id = b.id), 0)
      ORDER BY b.id LIMIT ?
      """;

  private Finishing() {}

  /** Finishes the batch when nothing is left of it; gives it then. */
  static @Nullable BatchRef finish(Session session, long batchId, long now) throws SQLException {
    return session.first(FINISH, JdbcBatchWriter::ref, now, batchId);
  }

  static List<Long> drained(Session session, int limit) throws SQLException {
    return session.list(DRAINED, row -> row.getLong(1), limit);
  }
}
