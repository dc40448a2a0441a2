package dev.sluice.store.jdbc;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.model.Canary;
import dev.sluice.model.HaltOn;
import dev.sluice.model.HaltRule;
import dev.sluice.model.StateReason;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Judges a batch by its outcomes in the transaction that stores them, so that the decision is as
 * durable as what it was made of: {@code haltOn} stops it, {@code canary} lets the rest of it go or
 * stops it. Costs one row a batch and commit, and nothing while only the default rule is on and no
 * credential is refused. What was closed or expired does not count, it was not sent.
 */
final class SafetyGates {

  private static final String STANDING =
      """
      SELECT b.state, b.closed_as, b.total, b.held_from, b.judged_before, b.failed_before,
        sum(c.succeeded + c.failed + c.rejected + c.in_doubt), sum(c.failed + c.rejected + c.in_doubt)
      FROM batch b JOIN batch_counter c ON c.batch_id = b.id
      WHERE b.id = ?
      GROUP BY b.id
      """;

  /** Replicas settle side by side, and none sees what another has not committed. */
  private static final Sql ONE_AT_A_TIME =
      new Sql(
          """
          SELECT 1 FROM batch WHERE id = ?
          """,
          """
          SELECT 1 FROM batch WHERE id = ? FOR UPDATE
          """);

  private static final String RELEASE =
      """
      UPDATE batch SET held_from = NULL WHERE id = ?
      """;

  private static final String EXPLAIN =
      """
      UPDATE batch SET reason = ? WHERE id = ?
      """;

  private final Terms terms;
  private final Transitions transitions;
  private final Flows flows;

  SafetyGates(Terms terms, Transitions transitions, Flows flows) {
    this.terms = terms;
    this.transitions = transitions;
    this.flows = flows;
  }

  private record Standing(
      BatchState state,
      @Nullable Long closedAs,
      long total,
      @Nullable Long heldFrom,
      long judgedBefore,
      long failedBefore,
      long judged,
      long failed) {

    boolean isOver() {
      return closedAs != null || judged >= total;
    }

    boolean waitsForCanary() {
      return heldFrom != null && judged < heldFrom;
    }
  }

  /**
   * Judges a batch whose counters were stored; gives the rule that stopped it, or null.
   *
   * @param refusedInARow longest run of refused credentials among what was stored
   */
  @Nullable HaltRule judge(Session session, long batchId, int refusedInARow, long now)
      throws SQLException {
    BatchOptions options = terms.of(session, batchId).options();
    HaltOn haltOn = options.haltOn();
    boolean refused =
        haltOn.consecutiveAuthFailures() > 0 && refusedInARow >= haltOn.consecutiveAuthFailures();
    if (!refused && haltOn.failureRatio() == null && options.canary() == null) {
      return null;
    }
    Standing standing = session.first(STANDING, SafetyGates::standing, batchId);
    if (standing != null && standing.waitsForCanary()) {
      // Whoever gets the batch last has stored its own outcomes and sees those of all others.
      session.list(ONE_AT_A_TIME, _ -> Boolean.TRUE, batchId);
      standing = session.first(STANDING, SafetyGates::standing, batchId);
    }
    if (standing == null || standing.isOver()) {
      return null;
    }
    if (standing.state.isDispatchable()) {
      String why = refused ? refused(refusedInARow, haltOn) : tooManyFailed(standing, haltOn);
      if (why != null) {
        halt(session, batchId, haltOn.action(), new StateReason("halted", why, "sluice"), now);
        return refused ? HaltRule.AUTHENTICATION : HaltRule.FAILURE_RATIO;
      }
    }
    Canary canary = options.canary();
    return canary != null && standing.heldFrom != null && standing.judged >= standing.heldFrom
        ? decide(session, batchId, canary, standing, now)
        : null;
  }

  private static Standing standing(ResultSet row) throws SQLException {
    return new Standing(
        StoredNumbers.batchState(row.getInt(1)),
        Rows.number(row, 2),
        row.getLong(3),
        Rows.number(row, 4),
        row.getLong(5),
        row.getLong(6),
        row.getLong(7),
        row.getLong(8));
  }

  private static String refused(int inARow, HaltOn haltOn) {
    return inARow
        + " outcomes in a row had status 401, 403 or 407; haltOn.consecutiveAuthFailures is "
        + haltOn.consecutiveAuthFailures();
  }

  private static @Nullable String tooManyFailed(Standing standing, HaltOn haltOn) {
    Double most = haltOn.failureRatio();
    long judged = standing.judged - standing.judgedBefore;
    long failed = standing.failed - standing.failedBefore;
    if (most == null || judged < haltOn.after() || failed / (double) judged < most) {
      return null;
    }
    return failed
        + " of "
        + judged
        + " outcomes were no success; haltOn.failureRatio is "
        + most
        + " after "
        + haltOn.after();
  }

  private void halt(
      Session session, long batchId, HaltOn.Action action, StateReason reason, long now)
      throws SQLException {
    switch (action) {
      case PAUSE -> transitions.pause(session, batchId, reason, now);
      case CANCEL -> transitions.cancel(session, batchId, reason, now);
    }
  }

  /** Every canary item has its outcome; nothing else was sent, so no more of them will come. */
  private @Nullable HaltRule decide(
      Session session, long batchId, Canary canary, Standing standing, long now)
      throws SQLException {
    if (standing.failed / (double) standing.judged <= canary.maxFailureRatio()) {
      session.update(RELEASE, batchId);
      flows.batchChanged(session, batchId);
      return null;
    }
    StateReason reason =
        new StateReason(
            "canary_failed",
            standing.failed
                + " of the first "
                + standing.judged
                + " items were no success; canary.maxFailureRatio is "
                + canary.maxFailureRatio()
                + "; a resume sends the rest",
            "sluice");
    if (standing.state == BatchState.PAUSED) {
      session.update(EXPLAIN, JsonColumns.reason(reason), batchId);
    } else {
      transitions.pause(session, batchId, reason, now);
    }
    return HaltRule.CANARY;
  }
}
