package dev.sluice.store.jdbc;

import dev.sluice.store.BatchWriter.SealResult;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Makes a batch accepted: one row, and the first flows. */
final class Sealing {

  private static final Sql BATCH =
      new Sql(
          """
          SELECT state, total, sealed_at, not_before FROM batch WHERE id = ?
          """,
          """
          SELECT state, total, sealed_at, not_before FROM batch WHERE id = ? FOR UPDATE
          """);

  private static final String SEAL =
      """
      UPDATE batch
      SET state = ?, sealed_at = ?, finished_at = ?, fingerprint = coalesce(?, fingerprint)
      WHERE id = ? AND state = 0
      """;

  private final Uploads uploads;
  private final Flows flows;

  Sealing(Uploads uploads, Flows flows) {
    this.uploads = uploads;
    this.flows = flows;
  }

  private record Row(int state, long total, @Nullable Long sealedAt, @Nullable Long notBefore) {}

  /** Seals the batch of a one-shot upload that was committed in this transaction. */
  void sealOneShot(Session session, long batchId, byte[] fingerprint, long now)
      throws SQLException {
    Row row = row(session, batchId);
    if (row == null || row.state != StoredNumbers.OPEN) {
      throw new IllegalStateException(
          "A committed one-shot batch is not open, indicates a bug: " + batchId);
    }
    if (uploads.deadOf(session, batchId) != null) {
      // Its shards count in the flows until they are removed: they would be sent.
      throw new IllegalStateException(
          "A one-shot batch has a second, dead upload, indicates a bug: " + batchId);
    }
    seal(session, batchId, row, fingerprint, now);
  }

  SealResult seal(Session session, long batchId, @Nullable Long expectedItems, long now)
      throws SQLException {
    Row row = row(session, batchId);
    if (row == null) {
      throw new IllegalStateException("No batch " + batchId + " to seal, indicates a bug");
    }
    if (row.sealedAt != null) {
      return new SealResult.Sealed(row.total);
    }
    if (row.state != StoredNumbers.OPEN) {
      return new SealResult.InvalidState(StoredNumbers.batchState(row.state));
    }
    if (uploads.isRunning(session, batchId, now)) {
      return new SealResult.UploadInProgress();
    }
    if (expectedItems != null && expectedItems != row.total) {
      return new SealResult.CountMismatch(row.total);
    }
    seal(session, batchId, row, null, now);
    return new SealResult.Sealed(row.total);
  }

  private static @Nullable Row row(Session session, long batchId) throws SQLException {
    return session.first(
        BATCH,
        r -> new Row(r.getInt(1), r.getLong(2), Rows.number(r, 3), Rows.number(r, 4)),
        batchId);
  }

  private void seal(Session session, long batchId, Row row, byte @Nullable [] fingerprint, long now)
      throws SQLException {
    boolean scheduled = row.notBefore != null && row.notBefore > now;
    // An empty batch has nothing to wait for.
    boolean finished = row.total == 0;
    int state =
        finished
            ? StoredNumbers.COMPLETED
            : scheduled ? StoredNumbers.SCHEDULED : StoredNumbers.QUEUED;
    int sealed = session.update(SEAL, state, now, finished ? now : null, fingerprint, batchId);
    if (sealed != 1) {
      throw new IllegalStateException("Batch " + batchId + " was not sealed, indicates a bug");
    }
    if (state == StoredNumbers.QUEUED) {
      flows.batchChanged(session, batchId);
    }
  }
}
