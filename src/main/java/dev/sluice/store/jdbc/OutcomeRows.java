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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The outcomes that one transaction inserts, and attempts; an item that has an outcome keeps it.
 *
 * <p>On PostgreSQL they are all copied at the end and counted as new at once: whoever writes
 * outcomes has locked their shard and knows what was settled of it ({@link SettledItems}).
 */
final class OutcomeRows {

  private static final String INSERT =
      """
      INSERT INTO outcome (batch_id, seq, idx, shard_id, state, status, attempts, latency, finished_at,
        captured, client_id, error_code, error_message)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)%s
      ON CONFLICT DO NOTHING
      """;

  private static final int COLUMNS = 13;

  /**
   * Rows of the larger statement: settling costs 3.4 µs a row instead of 4.8; 64 were no faster.
   */
  private static final int MANY = 32;

  private static final String INSERT_ONE = INSERT.formatted("");
  private static final String INSERT_MANY =
      INSERT.formatted(", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)".repeat(MANY - 1));

  private static final String INSERTED =
      """
      SELECT seq FROM outcome WHERE batch_id = ? AND seq >= ? AND seq < ?
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

  private final Session session;
  private final @Nullable OutcomeRuns runs;
  private final List<@Nullable Object[]> responses = new ArrayList<>();

  /** Begins with none; {@link #finish} follows. */
  OutcomeRows(Session session) {
    this.session = session;
    this.runs = session.dialect() == Dialect.POSTGRES ? new OutcomeRuns() : null;
  }

  /** Inserts attempts that did not end their items. */
  static void insertAttempts(
      Session session, Lease lease, List<Attempt> attempts, Counters counters) throws SQLException {
    List<@Nullable Object[]> rows = new ArrayList<>(attempts.size());
    for (Attempt attempt : attempts) {
      rows.add(
          new @Nullable Object[] {
            lease.batchId(),
            attempt.index(),
            attempt.number(),
            StoredNumbers.of(attempt.kind()),
            attempt.statusCode(),
            attempt.errorCode(),
            attempt.startedAt().toEpochMilli(),
            attempt.latencyMillis(),
            attempt.dueAt().toEpochMilli(),
            attempt.counted() ? 1 : 0
          });
    }
    counters.attempted(Arrays.stream(session.updateEach(INSERT_ATTEMPT, rows)).sum());
  }

  /** Inserts outcomes of one shard; gives how many were new, by the number of their state. */
  int[] insert(Lease lease, List<Outcome> outcomes, Counters counters) throws SQLException {
    int[] inserted = new int[OutcomeState.values().length];
    int next = 0;
    while (next < outcomes.size()) {
      int left = outcomes.size() - next;
      int size = session.dialect() == Dialect.POSTGRES ? left : left >= MANY ? MANY : 1;
      insert(lease, outcomes.subList(next, next + size), counters, inserted);
      next += size;
    }
    return inserted;
  }

  private void insert(Lease lease, List<Outcome> outcomes, Counters counters, int[] inserted)
      throws SQLException {
    long firstSeq = counters.reserve(outcomes.size());
    BitSet fresh = insertRows(lease, outcomes, firstSeq);
    for (int i = fresh.nextSetBit(0); i >= 0; i = fresh.nextSetBit(i + 1)) {
      Outcome outcome = outcomes.get(i);
      inserted[StoredNumbers.of(outcome.state())]++;
      count(lease, outcome, counters);
    }
  }

  /** Gives which of them had no outcome before. */
  private BitSet insertRows(Lease lease, List<Outcome> outcomes, long firstSeq)
      throws SQLException {
    if (runs == null) {
      return insertRows(session, lease, outcomes, firstSeq);
    }
    runs.add(lease, outcomes, firstSeq);
    BitSet all = new BitSet(outcomes.size());
    all.set(0, outcomes.size());
    return all;
  }

  /**
   * Writes outcomes of one shard that were counted before.
   *
   * @param firstSeq position of the first; the others follow
   */
  static void writeOut(Session session, Lease lease, List<Outcome> outcomes, long firstSeq)
      throws SQLException {
    switch (session.dialect()) {
      case SQLITE -> {
        for (int i = 0; i < outcomes.size(); i++) {
          insertRows(session, lease, outcomes.subList(i, i + 1), firstSeq + i);
        }
      }
      case POSTGRES -> {
        OutcomeRuns runs = new OutcomeRuns();
        runs.add(lease, outcomes, firstSeq);
        runs.send(session);
      }
    }
  }

  /** Inserts what has been put off. */
  void finish() throws SQLException {
    if (runs != null) {
      runs.send(session);
    }
    var _ = session.updateEach(INSERT_RESPONSE, responses);
  }

  private static BitSet insertRows(
      Session session, Lease lease, List<Outcome> outcomes, long firstSeq) throws SQLException {
    int size = outcomes.size();
    PreparedStatement statement = session.prepare(size == 1 ? INSERT_ONE : INSERT_MANY);
    for (int i = 0; i < size; i++) {
      bind(statement, i * COLUMNS, lease, outcomes.get(i), firstSeq + i);
    }
    int rows = statement.executeUpdate();
    BitSet fresh = new BitSet(size);
    if (rows == size) {
      fresh.set(0, size);
    } else if (rows > 0) {
      // Some items had an outcome before: those that have it now at the position given here are
      // new.
      session
          .list(INSERTED, row -> row.getLong(1), lease.batchId(), firstSeq, firstSeq + size)
          .forEach(seq -> fresh.set((int) (seq - firstSeq)));
    }
    return fresh;
  }

  private static void bind(
      PreparedStatement statement, int before, Lease lease, Outcome outcome, long seq)
      throws SQLException {
    statement.setLong(before + 1, lease.batchId());
    statement.setLong(before + 2, seq);
    statement.setLong(before + 3, outcome.index());
    statement.setLong(before + 4, lease.shardId());
    statement.setInt(before + 5, StoredNumbers.of(outcome.state()));
    statement.setInt(before + 6, outcome.statusCode());
    statement.setInt(before + 7, outcome.attemptCount());
    statement.setLong(before + 8, outcome.latencyMillis());
    statement.setLong(before + 9, outcome.finishedAt().toEpochMilli());
    statement.setInt(before + 10, outcome.response() == null ? 0 : 1);
    setText(statement, before + 11, outcome.clientId());
    ItemError error = outcome.error();
    setText(statement, before + 12, error == null ? null : error.code());
    setText(statement, before + 13, error == null ? null : error.message());
  }

  private static void setText(PreparedStatement statement, int position, @Nullable String text)
      throws SQLException {
    if (text == null) {
      statement.setNull(position, Types.VARCHAR);
    } else {
      statement.setString(position, text);
    }
  }

  private void count(Lease lease, Outcome outcome, Counters counters) throws SQLException {
    counters.settled(outcome);
    counters.attempted(attemptsNotCounted(lease, outcome));
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
      responses.add(
          new @Nullable Object[] {
            lease.batchId(),
            outcome.index(),
            JsonColumns.headers(response.headers()),
            response.body(),
            response.truncated() ? 1 : 0
          });
    }
  }

  /** The attempt that ended an item has no row of its own; a first success needs no look-up. */
  private long attemptsNotCounted(Lease lease, Outcome outcome) throws SQLException {
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
