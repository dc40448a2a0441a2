package dev.sluice.store.jdbc;

import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.store.BatchSettings;
import dev.sluice.store.ControlBoard.Controlled;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.function.UnaryOperator;

/**
 * Changes what a client asked for after the submission: one row, read and written in one
 * transaction of the writer. Lanes follow by the revision.
 */
final class Changes {

  private static final Sql BATCH =
      new Sql(
          """
          SELECT name, metadata, options, options_revision, state, closed_as IS NOT NULL
          FROM batch WHERE id = ?
          """,
          """
          SELECT name, metadata, options, options_revision, state, CASE WHEN closed_as IS NOT NULL THEN 1 ELSE 0 END
          FROM batch WHERE id = ? FOR UPDATE
          """);

  private static final String LABEL =
      """
      UPDATE batch SET name = ?, metadata = ? WHERE id = ?
      """;

  private static final String OPTIONS =
      """
      UPDATE batch SET options = ?, weight = ?, deadline = ?, options_revision = ?
      WHERE id = ? AND options_revision = ?
      """;

  private final Terms terms;

  Changes(Terms terms) {
    this.terms = terms;
  }

  private record Row(BatchSettings settings, long revision, BatchState state, boolean closed) {

    /** Tells whether nothing of it will be sent any more. */
    boolean isOver() {
      return closed || state.isTerminal() || state == BatchState.CANCELLING;
    }
  }

  Controlled change(Session session, long batchId, UnaryOperator<BatchSettings> change)
      throws SQLException {
    // Kept from here on, so that nobody takes from this transaction what may still be undone. The
    // row itself may be newer: an earlier unit of the same transaction may have changed it.
    BatchTerms committed = terms.of(session, batchId);
    Row row = session.first(BATCH, Changes::row, batchId);
    if (row == null) {
      throw new IllegalStateException("No batch " + batchId + ", indicates a bug");
    }
    BatchSettings before = row.settings;
    BatchSettings after = change.apply(before);
    boolean optionsChange = !after.options().equals(before.options());
    if (optionsChange && row.isOver()) {
      return new Controlled.InvalidState(row.state);
    }
    if (optionsChange) {
      requireChangeable(before.options(), after.options());
      store(
          session,
          new BatchTerms(committed.batch(), committed.tenant(), after.options(), row.revision + 1));
    }
    if (!after.equals(before)) {
      session.update(LABEL, after.name(), JsonColumns.metadata(after.metadata()), batchId);
    }
    return new Controlled.Done(row.state);
  }

  private static Row row(ResultSet row) throws SQLException {
    return new Row(
        new BatchSettings(
            row.getString(1),
            JsonColumns.metadata(row.getString(2)),
            JsonColumns.options(row.getString(3))),
        row.getLong(4),
        StoredNumbers.batchState(row.getInt(5)),
        row.getInt(6) == 1);
  }

  private void store(Session session, BatchTerms after) throws SQLException {
    BatchOptions options = after.options();
    int changed =
        session.update(
            OPTIONS,
            JsonColumns.options(options),
            options.weight(),
            Rows.millis(options.deadline()),
            after.revision(),
            after.batch().id(),
            after.revision() - 1);
    if (changed != 1) {
      throw new IllegalStateException(
          "The options of batch " + after.batch().publicId() + " were not set, indicates a bug");
    }
    session.afterCommit(() -> terms.keep(after));
  }

  /** Lanes follow these while they hold the batch; all others they keep as they first saw them. */
  private static void requireChangeable(BatchOptions before, BatchOptions after) {
    BatchOptions allowed =
        before
            .change()
            .concurrency(after.concurrency())
            .rate(after.rate())
            .deadline(after.deadline())
            .weight(after.weight())
            .haltOn(after.haltOn())
            .build();
    if (!allowed.equals(after)) {
      throw new IllegalStateException("These options do not change, indicates a bug: " + after);
    }
  }
}
