package dev.sluice.store.jdbc;

import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.store.ShardQueue.Lease;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Inserts those outcomes of one shard whose items have none, with one statement: an array for each
 * column. {@link OutcomeCopy} is faster and expects that none has.
 */
final class PostgresOutcomes {

  private static final String INSERT =
      """
      INSERT INTO outcome (batch_id, seq, idx, shard_id, state, status, attempts, latency, finished_at,
        captured, client_id, error_code, error_message)
      SELECT ?, ? + n - 1, idx, ?, state, status, attempts, latency, finished_at, captured, client_id,
        error_code, error_message
      FROM unnest(?::bigint[], ?::integer[], ?::integer[], ?::integer[], ?::bigint[], ?::bigint[],
          ?::integer[], ?::text[], ?::text[], ?::text[]) WITH ORDINALITY
        AS o(idx, state, status, attempts, latency, finished_at, captured, client_id, error_code,
          error_message, n)
      ON CONFLICT (batch_id, idx) DO NOTHING
      RETURNING seq
      """;

  private PostgresOutcomes() {}

  /** Gives which of them had no outcome before. */
  static BitSet insert(Session session, Lease lease, List<Outcome> outcomes, long firstSeq)
      throws SQLException {
    PreparedStatement statement = session.prepare(INSERT);
    Connection connection = session.connection();
    statement.setLong(1, lease.batchId());
    statement.setLong(2, firstSeq);
    statement.setLong(3, lease.shardId());
    Columns columns = new Columns(connection, statement, outcomes);
    columns.bind(4, "bigint", Outcome::index);
    columns.bind(5, "integer", outcome -> StoredNumbers.of(outcome.state()));
    columns.bind(6, "integer", Outcome::statusCode);
    columns.bind(7, "integer", Outcome::attemptCount);
    columns.bind(8, "bigint", Outcome::latencyMillis);
    columns.bind(9, "bigint", outcome -> outcome.finishedAt().toEpochMilli());
    columns.bind(10, "integer", outcome -> outcome.response() == null ? 0 : 1);
    columns.bind(11, "text", Outcome::clientId);
    columns.bind(12, "text", outcome -> code(outcome.error()));
    columns.bind(13, "text", outcome -> message(outcome.error()));
    BitSet fresh = new BitSet(outcomes.size());
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        fresh.set((int) (rows.getLong(1) - firstSeq));
      }
    }
    return fresh;
  }

  private static @Nullable String code(@Nullable ItemError error) {
    return error == null ? null : error.code();
  }

  private static @Nullable String message(@Nullable ItemError error) {
    return error == null ? null : error.message();
  }

  private record Columns(
      Connection connection, PreparedStatement statement, List<Outcome> outcomes) {

    void bind(int position, String type, Function<Outcome, ? extends @Nullable Object> value)
        throws SQLException {
      Object[] values = new Object[outcomes.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = value.apply(outcomes.get(i));
      }
      statement.setArray(position, connection.createArrayOf(type, values));
    }
  }
}
