package dev.sluice.store.jdbc;

import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction adds to the counters of one batch: result positions, outcomes by state,
 * attempts and failures by reason. Advanced only by rows really inserted.
 */
final class Counters {

  /**
   * The next position in commit order. Replicas commit side by side: there a position is the number
   * of the transaction with the place in it, and readers stop before the oldest that is under way;
   * see {@link TransactionOrigin}.
   */
  private static final Sql READ =
      new Sql(
          """
          SELECT next_seq, auth_run FROM batch_counter WHERE batch_id = ? AND replica_slot = ?
          """,
          """
          SELECT (pg_current_xact_id()::text::bigint + (SELECT added FROM transaction_origin)) << 20, auth_run
          FROM batch_counter WHERE batch_id = ? AND replica_slot = ? FOR UPDATE
          """);

  private static final String CREATE =
      """
      INSERT INTO batch_counter (batch_id, replica_slot) VALUES (?, ?) ON CONFLICT DO NOTHING
      """;

  private static final String ADVANCE =
      """
      UPDATE batch_counter
      SET next_seq = ?, succeeded = succeeded + ?, failed = failed + ?, expired = expired + ?,
        cancelled = cancelled + ?, rejected = rejected + ?, in_doubt = in_doubt + ?,
        attempts = attempts + ?, last_outcome_at = CASE WHEN last_outcome_at > ? THEN last_outcome_at ELSE ? END,
        auth_run = ?
      WHERE batch_id = ? AND replica_slot = ?
      """;

  private static final String ADD_FAILURE =
      """
      INSERT INTO failure_counter (batch_id, replica_slot, state, status, error_code, destination_id,
        item_count, sample_index, sample_message)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (batch_id, replica_slot, state, status, error_code, destination_id)
        DO UPDATE SET item_count = failure_counter.item_count + excluded.item_count
      """;

  private static final String IS_DRAINED =
      """
      SELECT 1 FROM batch b
      WHERE b.id = ? AND b.total <= (
        SELECT sum(c.succeeded + c.failed + c.expired + c.cancelled + c.rejected + c.in_doubt)
        FROM batch_counter c WHERE c.batch_id = b.id)
      """;

  private final long batchId;
  private final int slot;
  private long nextSeq;
  private long firstSeq;
  private final int[] byState = new int[OutcomeState.values().length];
  private long attempts;
  private long lastOutcomeAt;
  private final Map<Reason, Sample> failures = new HashMap<>();
  private final AuthenticationRun authRun;

  private Counters(long batchId, int slot, long nextSeq, int authRun) {
    this.batchId = batchId;
    this.slot = slot;
    this.nextSeq = nextSeq;
    this.authRun = new AuthenticationRun(authRun);
  }

  /** Begins to count for a batch. */
  static Counters of(Session session, long batchId) throws SQLException {
    int slot = session.owner().slot();
    Counters counters = read(session, batchId, slot);
    if (counters == null) {
      session.update(CREATE, batchId, slot);
      counters = Objects.requireNonNull(read(session, batchId, slot), "the row was just made");
    }
    counters.nextSeq += session.usedPositions();
    counters.firstSeq = counters.nextSeq;
    return counters;
  }

  private static @Nullable Counters read(Session session, long batchId, int slot)
      throws SQLException {
    return session.first(
        READ, row -> new Counters(batchId, slot, row.getLong(1), row.getInt(2)), batchId, slot);
  }

  /** Why an item did not succeed. */
  record Reason(OutcomeState state, int status, @Nullable String errorCode, long destinationId) {}

  private static final class Sample {
    private final long index;
    private final @Nullable String message;
    private long count;

    Sample(long index, @Nullable String message) {
      this.index = index;
      this.message = message;
    }
  }

  /** Reserves {@code count} positions in commit order; gives the first. */
  long reserve(int count) {
    long first = nextSeq;
    nextSeq += count;
    return first;
  }

  /** Counts outcomes of one state that were really inserted. */
  void settled(OutcomeState state, int count, long finishedAt) {
    byState[StoredNumbers.of(state)] += count;
    lastOutcomeAt = Math.max(lastOutcomeAt, finishedAt);
  }

  /** Counts an outcome that was really inserted. */
  void settled(Outcome outcome) {
    settled(outcome.state(), 1, outcome.finishedAt().toEpochMilli());
    authRun.add(outcome);
  }

  void attempted(long count) {
    attempts += count;
  }

  void failed(Reason reason, int count, long index, @Nullable String message) {
    failures.computeIfAbsent(reason, _ -> new Sample(index, message)).count += count;
  }

  /** Writes what was counted; gives the longest run of refused credentials among it. */
  int store(Session session) throws SQLException {
    AuthenticationRun.Length refused = authRun.length();
    session.update(
        ADVANCE,
        nextSeq,
        byState[0],
        byState[1],
        byState[2],
        byState[3],
        byState[4],
        byState[5],
        attempts,
        lastOutcomeAt,
        lastOutcomeAt,
        refused.last(),
        batchId,
        slot);
    session.usePositions(nextSeq - firstSeq);
    for (Map.Entry<Reason, Sample> failure : failures.entrySet()) {
      Reason reason = failure.getKey();
      Sample sample = failure.getValue();
      session.update(
          ADD_FAILURE,
          batchId,
          slot,
          StoredNumbers.of(reason.state),
          reason.status,
          reason.errorCode == null ? "" : reason.errorCode,
          reason.destinationId,
          sample.count,
          sample.index,
          sample.message);
    }
    return refused.longest();
  }

  /** Tells whether all items of a batch have outcomes, as far as this transaction sees. */
  static boolean isDrained(Session session, long batchId) throws SQLException {
    return session.exists(IS_DRAINED, batchId);
  }
}
