package dev.sluice.store.jdbc;

import dev.sluice.model.BatchState;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.StateReason;
import dev.sluice.store.ControlBoard.Controlled;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The changes of a sealed batch that a caller, its deadline or its own outcomes ask for. Each runs
 * inside a transaction of the writer and writes O(1) rows; what follows is housekeeping.
 */
final class Transitions {

  private static final Sql BATCH =
      new Sql(
          """
          SELECT state, resume_state, not_before FROM batch WHERE id = ?
          """,
          """
          SELECT state, resume_state, not_before FROM batch WHERE id = ? FOR UPDATE
          """);

  private static final String PAUSE =
      """
      UPDATE batch SET resume_state = state, state = 4, paused_at = ?, reason = ? WHERE id = ?
      """;

  private static final String RESUME =
      """
      UPDATE batch SET state = ?, resume_state = NULL, paused_at = NULL, reason = ? WHERE id = ?
      """;

  /** What the deadline has closed before stays closed as it is: only the batch ends otherwise. */
  private static final String CANCEL =
      """
      UPDATE batch SET state = 5, resume_state = NULL, cancelled_at = ?,
        closed_as = coalesce(closed_as, ?), closed_at = coalesce(closed_at, ?), closing = 1, reason = ?
      WHERE id = ?
      """;

  private static final String EXPIRE =
      """
      UPDATE batch SET closed_as = ?, closed_at = ?, closing = 1, reason = ?
      WHERE id = ? AND state IN (1, 2, 3, 4) AND closed_as IS NULL
      """;

  /** A resume is a person's word: haltOn begins anew, and a canary that is over holds nothing. */
  private static final String BEGIN_ANEW =
      """
      UPDATE batch SET judged_before = c.judged, failed_before = c.failed,
        held_from = CASE WHEN held_from <= c.judged THEN NULL ELSE held_from END
      FROM (
        SELECT coalesce(sum(succeeded + failed + rejected + in_doubt), 0) AS judged,
          coalesce(sum(failed + rejected + in_doubt), 0) AS failed
        FROM batch_counter WHERE batch_id = ?) AS c
      WHERE id = ?
      """;

  private static final String FORGET_RUN =
      """
      UPDATE batch_counter SET auth_run = 0 WHERE batch_id = ?
      """;

  private final Uploads uploads;
  private final Flows flows;

  Transitions(Uploads uploads, Flows flows) {
    this.uploads = uploads;
    this.flows = flows;
  }

  private record Row(BatchState state, @Nullable Long resumeState, @Nullable Long notBefore) {}

  private static Row row(Session session, long batchId) throws SQLException {
    Row row =
        session.first(
            BATCH,
            r ->
                new Row(
                    StoredNumbers.batchState(r.getInt(1)), Rows.number(r, 2), Rows.number(r, 3)),
            batchId);
    if (row == null) {
      throw new IllegalStateException("No batch " + batchId + ", indicates a bug");
    }
    return row;
  }

  Controlled pause(Session session, long batchId, StateReason reason, long now)
      throws SQLException {
    Row row = row(session, batchId);
    return switch (row.state) {
      case SCHEDULED, QUEUED, RUNNING -> {
        session.update(PAUSE, now, JsonColumns.reason(reason), batchId);
        flows.batchChanged(session, batchId);
        yield new Controlled.Done(BatchState.PAUSED);
      }
      case PAUSED -> new Controlled.Done(BatchState.PAUSED);
      case OPEN, CANCELLING, COMPLETED, CANCELLED, EXPIRED ->
          new Controlled.InvalidState(row.state);
    };
  }

  Controlled resume(Session session, long batchId, StateReason reason, long now)
      throws SQLException {
    Row row = row(session, batchId);
    return switch (row.state) {
      case PAUSED -> {
        BatchState state = resumed(row, now);
        session.update(RESUME, StoredNumbers.of(state), JsonColumns.reason(reason), batchId);
        session.update(BEGIN_ANEW, batchId, batchId);
        session.update(FORGET_RUN, batchId);
        flows.batchChanged(session, batchId);
        yield new Controlled.Done(state);
      }
      case SCHEDULED, QUEUED, RUNNING -> new Controlled.Done(row.state);
      case OPEN, CANCELLING, COMPLETED, CANCELLED, EXPIRED ->
          new Controlled.InvalidState(row.state);
    };
  }

  private static BatchState resumed(Row row, long now) {
    if (row.resumeState == null) {
      throw new IllegalStateException("A paused batch does not know its past, indicates a bug");
    }
    BatchState before = StoredNumbers.batchState(row.resumeState.intValue());
    boolean due = row.notBefore == null || row.notBefore <= now;
    return before == BatchState.SCHEDULED && due ? BatchState.QUEUED : before;
  }

  Controlled cancel(Session session, long batchId, StateReason reason, long now)
      throws SQLException {
    Row row = row(session, batchId);
    return switch (row.state) {
      case OPEN, SCHEDULED, QUEUED, RUNNING, PAUSED -> {
        int closedAs = StoredNumbers.of(OutcomeState.CANCELLED);
        session.update(CANCEL, now, closedAs, now, JsonColumns.reason(reason), batchId);
        uploads.buryAll(session, batchId);
        flows.batchChanged(session, batchId);
        yield new Controlled.Done(BatchState.CANCELLING);
      }
      case CANCELLING, CANCELLED -> new Controlled.Done(row.state);
      case COMPLETED, EXPIRED -> new Controlled.InvalidState(row.state);
    };
  }

  /** Closes a batch whose deadline has passed; its state stays until the last item has ended. */
  void expire(Session session, long batchId, long deadline, long now) throws SQLException {
    StateReason reason =
        new StateReason(
            "deadline",
            "The deadline " + Instant.ofEpochMilli(deadline) + " passed before all items ended",
            "sluice");
    int closedAs = StoredNumbers.of(OutcomeState.EXPIRED);
    if (session.update(EXPIRE, closedAs, now, JsonColumns.reason(reason), batchId) == 1) {
      flows.batchChanged(session, batchId);
    }
  }
}
