package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter;
import dev.sluice.store.NewBatch;
import dev.sluice.store.NewShard;
import dev.sluice.store.StoreException;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes submissions in: batches, their uploads and shards. */
final class JdbcBatchWriter implements BatchWriter {

  /** Shards removed in the transaction of one step. */
  private static final int STEP = 256;

  private final StoreWriter writer;

  /** Of the long steps of an upload. */
  private final StoreWriter steps;

  private final ProcessClock clock;
  private final Uploads uploads;
  private final BatchIntake intake;
  private final Sealing sealing;
  private final IntakeRoom room;

  JdbcBatchWriter(StoreParts parts, PublicIds ids) {
    StoreProperties properties = parts.properties();
    this.writer = parts.writer(Patience.SHORT);
    this.steps = parts.writer(Patience.WHILE_HEARD);
    this.clock = parts.clock();
    this.uploads = parts.uploads();
    this.intake =
        new BatchIntake(
            properties.uploadTimeout().toMillis(), ids, parts.uploads(), parts.destinations());
    this.sealing = new Sealing(parts.uploads(), parts.flows());
    this.room = new IntakeRoom(properties.maxSize());
  }

  private long now() {
    return clock.instant().toEpochMilli();
  }

  @Override
  public Begun begin(NewBatch batch) {
    return writer.write(
        session -> {
          room.require(session);
          return intake.begin(session, batch, now());
        });
  }

  @Override
  public boolean isTaken(String tenant, String idempotencyKey) {
    return writer.write(session -> intake.isTaken(session, tenant, idempotencyKey, now()));
  }

  @Override
  public BegunUpload beginUpload(NewBatch batch) {
    return writer.write(
        session -> {
          room.require(session);
          return switch (intake.begin(session, batch, now())) {
            case Begun.Existing existing -> new BegunUpload.Taken(existing);
            case Begun.Created(BatchRef ref) ->
                new BegunUpload.Opened(ref, openFirst(session, ref));
          };
        });
  }

  private long openFirst(Session session, BatchRef batch) throws SQLException {
    if (intake.open(session, batch.id(), null, null, now())
        instanceof UploadOpening.Opened opened) {
      return opened.uploadId();
    }
    throw new IllegalStateException("A new batch takes no upload, indicates a bug");
  }

  @Override
  public Begun submit(NewBatch batch, List<NewShard> shards, UploadSummary summary) {
    return writer.write(
        session -> {
          room.require(session);
          Begun begun = intake.begin(session, batch, now());
          if (begun instanceof Begun.Created(BatchRef ref)) {
            commitAndSeal(session, openFirst(session, ref), shards, summary);
          }
          return begun;
        });
  }

  @Override
  public UploadOpening openUpload(
      long batchId, @Nullable Long offset, @Nullable String idempotencyKey) {
    if (offset != null && idempotencyKey != null) {
      throw new IllegalArgumentException("An upload has an offset or an idempotency key, not both");
    }
    return writer.write(session -> intake.open(session, batchId, offset, idempotencyKey, now()));
  }

  @Override
  public void append(long uploadId, List<NewShard> shards) {
    steps.write(
        session -> {
          room.require(session);
          intake.append(session, uploadId, shards, now());
          return Boolean.TRUE;
        });
  }

  @Override
  public long commit(long uploadId, UploadSummary summary) {
    return steps.write(session -> intake.commit(session, uploadId, summary, now()).total());
  }

  @Override
  public void commitAndSeal(long uploadId, List<NewShard> last, UploadSummary summary) {
    steps.write(
        session -> {
          commitAndSeal(session, uploadId, last, summary);
          return Boolean.TRUE;
        });
  }

  private void commitAndSeal(
      Session session, long uploadId, List<NewShard> last, UploadSummary summary)
      throws SQLException {
    if (!last.isEmpty()) {
      intake.append(session, uploadId, last, now());
    }
    BatchIntake.Committed committed = intake.commit(session, uploadId, summary, now());
    sealing.sealOneShot(session, committed.batchId(), summary.fingerprint(), now());
  }

  @Override
  public void abandon(long uploadId) {
    uploads.ended(uploadId);
    steps.write(
        session -> {
          intake.abandon(session, uploadId);
          Uploads.Dead dead = uploads.dead(session, uploadId);
          // The first step at once; what is left of a large upload is for housekeeping.
          return dead == null ? 0 : uploads.remove(session, dead, STEP);
        });
    uploads.buried(uploadId);
  }

  @Override
  public SealResult seal(long batchId, @Nullable Long expectedItems) {
    // Shards of dead uploads are removed before: a sealed batch has only shards that count.
    boolean moved = true;
    while (moved) {
      moved = steps.write(session -> removeDead(session, batchId));
    }
    return writer.write(
        session -> {
          SealResult result = sealing.seal(session, batchId, expectedItems, now());
          if (result instanceof SealResult.Sealed && removeDead(session, batchId)) {
            throw new StoreException(
                StoreException.Kind.UNAVAILABLE, "An upload died meanwhile: seal again");
          }
          return result;
        });
  }

  private boolean removeDead(Session session, long batchId) throws SQLException {
    uploads.isRunning(session, batchId, now());
    Uploads.Dead dead = uploads.deadOf(session, batchId);
    return dead != null && uploads.remove(session, dead, STEP) > 0;
  }

  @Override
  public void markRedriven(long uploadId, long parentId, List<Long> indexes) {
    steps.write(
        session -> {
          intake.markRedriven(session, uploadId, parentId, indexes);
          return Boolean.TRUE;
        });
  }

  /** Gives the reference of a row. */
  static BatchRef ref(java.sql.ResultSet row) throws SQLException {
    return new BatchRef(row.getLong(1), row.getString(2));
  }
}
