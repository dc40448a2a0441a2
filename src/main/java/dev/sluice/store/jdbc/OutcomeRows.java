package dev.sluice.store.jdbc;

import dev.sluice.model.Attempt;
import dev.sluice.model.CapturedResponse;
import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.ShardQueue.Lease;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Inserts outcomes and attempts; an item that has an outcome keeps it. */
final class OutcomeRows {

  private static final String INSERT =
      """
      INSERT INTO outcome (batch_id, seq, idx, shard_id, state, status, attempts, latency, finished_at,
        captured, client_id, error_code, error_message)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING
      """;

  private static final String INSERT_RESPONSE =
      """
      INSERT INTO response (batch_id, idx, headers, body, truncated) VALUES (?, ?, ?, ?, ?)
      """;

  private static final String INSERT_ATTEMPT =
      """
      INSERT INTO attempt (batch_id, idx, number, kind, status, error_code, started_at, latency, due_at, counted)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING
      """;

  private static final String COUNT_ATTEMPTS =
      """
      SELECT count(*) FROM attempt WHERE batch_id = ? AND idx = ?
      """;

  private OutcomeRows() {}

  /** Inserts attempts that did not end their items. */
  static void insertAttempts(
      Session session, Lease lease, List<Attempt> attempts, Counters counters) throws SQLException {
    for (Attempt attempt : attempts) {
      int inserted =
          session.update(
              INSERT_ATTEMPT,
              lease.batchId(),
              attempt.index(),
              attempt.number(),
              StoredNumbers.of(attempt.kind()),
              attempt.statusCode(),
              attempt.errorCode(),
              attempt.startedAt().toEpochMilli(),
              attempt.latencyMillis(),
              attempt.dueAt().toEpochMilli(),
              attempt.counted() ? 1 : 0);
      counters.attempted(inserted);
    }
  }

  /** Inserts outcomes of one shard; gives how many were new, by the number of their state. */
  static int[] insert(Session session, Lease lease, List<Outcome> outcomes, Counters counters)
      throws SQLException {
    int[] inserted = new int[OutcomeState.values().length];
    PreparedStatement statement = session.prepare(INSERT);
    for (Outcome outcome : outcomes) {
      bind(statement, lease, outcome, counters.reserve(1));
      if (statement.executeUpdate() == 1) {
        inserted[StoredNumbers.of(outcome.state())]++;
        count(session, lease, outcome, counters);
      }
    }
    return inserted;
  }

  private static void bind(PreparedStatement statement, Lease lease, Outcome outcome, long seq)
      throws SQLException {
    statement.setLong(1, lease.batchId());
    statement.setLong(2, seq);
    statement.setLong(3, outcome.index());
    statement.setLong(4, lease.shardId());
    statement.setInt(5, StoredNumbers.of(outcome.state()));
    statement.setInt(6, outcome.statusCode());
    statement.setInt(7, outcome.attemptCount());
    statement.setLong(8, outcome.latencyMillis());
    statement.setLong(9, outcome.finishedAt().toEpochMilli());
    statement.setInt(10, outcome.response() == null ? 0 : 1);
    setText(statement, 11, outcome.clientId());
    ItemError error = outcome.error();
    setText(statement, 12, error == null ? null : error.code());
    setText(statement, 13, error == null ? null : error.message());
  }

  private static void setText(PreparedStatement statement, int position, @Nullable String text)
      throws SQLException {
    if (text == null) {
      statement.setNull(position, Types.VARCHAR);
    } else {
      statement.setString(position, text);
    }
  }

  private static void count(Session session, Lease lease, Outcome outcome, Counters counters)
      throws SQLException {
    counters.settled(outcome.state(), 1, outcome.finishedAt().toEpochMilli());
    counters.attempted(attemptsNotCounted(session, lease, outcome));
    if (outcome.state() != OutcomeState.SUCCEEDED) {
      ItemError error = outcome.error();
      counters.failed(
          new Counters.Reason(
              outcome.state(),
              outcome.statusCode(),
              error == null ? null : error.code(),
              lease.destinationId()),
          1,
          outcome.index(),
          error == null ? null : error.message());
    }
    CapturedResponse response = outcome.response();
    if (response != null) {
      session.update(
          INSERT_RESPONSE,
          lease.batchId(),
          outcome.index(),
          JsonColumns.headers(response.headers()),
          response.body(),
          response.truncated() ? 1 : 0);
    }
  }

  /** The attempt that ended an item has no row of its own; a first success needs no look-up. */
  private static long attemptsNotCounted(Session session, Lease lease, Outcome outcome)
      throws SQLException {
    if (outcome.attemptCount() == 0) {
      return 0;
    }
    if (outcome.attemptCount() == 1 && outcome.state() == OutcomeState.SUCCEEDED) {
      return 1;
    }
    long counted = session.number(COUNT_ATTEMPTS, lease.batchId(), outcome.index()).orElse(0);
    return Math.max(0, outcome.attemptCount() - counted);
  }
}
