package dev.sluice.store.jdbc;

import dev.sluice.model.Canary;
import dev.sluice.model.Item;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchWriter.Begun;
import dev.sluice.store.BatchWriter.UploadOpening;
import dev.sluice.store.BatchWriter.UploadSummary;
import dev.sluice.store.NewBatch;
import dev.sluice.store.NewShard;
import dev.sluice.store.StoreException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The steps of a submission, each inside a transaction of the writer. */
final class BatchIntake {

  private static final String BY_KEY =
      """
      SELECT id, public_id, one_shot, sealed_at,
        (SELECT count(*) FROM replica r WHERE r.id = batch.created_epoch AND r.state = 0), created_at,
        fingerprint
      FROM batch WHERE tenant = ? AND idempotency_key = ?
      """;

  private static final String FORGET_KEY =
      """
      UPDATE batch SET idempotency_key = NULL WHERE id = ?
      """;

  private static final String HAS_UPLOADS =
      """
      SELECT 1 FROM upload WHERE batch_id = ? LIMIT 1
      """;

  private static final String CREATE =
      """
      INSERT INTO batch (public_id, tenant, one_shot, name, metadata, options, template,
        idempotency_key, fingerprint, created_epoch, parent_id, state, weight, not_before, deadline,
        held_from, open_timeout, created_at, appended_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)
      RETURNING id
      """;

  private static final Sql BATCH =
      new Sql(
          """
          SELECT state, total, one_shot FROM batch WHERE id = ?
          """,
          """
          SELECT state, total, one_shot FROM batch WHERE id = ? FOR UPDATE
          """);

  private static final String EARLIER_BY_KEY =
      """
      SELECT fingerprint, item_count FROM upload WHERE batch_id = ? AND idempotency_key = ? AND state = 1
      """;

  private static final String EARLIER_BY_OFFSET =
      """
      SELECT fingerprint, item_count FROM upload
      WHERE batch_id = ? AND first_index = ? AND state = 1 AND item_count > 0
      """;

  private static final String TOUCH =
      """
      UPDATE upload SET touched_at = ?, item_count = item_count + ?, byte_count = byte_count + ?
      WHERE id = ? AND state = 0 AND epoch = ?
      RETURNING batch_id
      """;

  private static final String COUNT_IN_FLOW =
      """
      INSERT INTO flow (batch_id, destination_id, ready_shards, next_seq) VALUES (?, ?, 1, 1)
      ON CONFLICT (batch_id, destination_id)
        DO UPDATE SET ready_shards = flow.ready_shards + 1, next_seq = flow.next_seq + 1
      RETURNING next_seq
      """;

  private static final String STORE_SHARD =
      """
      INSERT INTO shard (batch_id, upload_id, destination_id, seq, first_index, last_index, item_count, byte_count)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      RETURNING id
      """;

  private static final String STORE_PAYLOAD =
      """
      INSERT INTO shard_payload (shard_id, payload) VALUES (?, ?)
      """;

  private static final String STORE_FILTER =
      """
      INSERT INTO shard_filter (shard_id, id_filter) VALUES (?, ?)
      """;

  private static final String COMMIT =
      """
      UPDATE upload SET state = 1, fingerprint = ?, committed_at = ?
      WHERE id = ? AND state = 0 AND epoch = ? AND item_count = ?
      RETURNING batch_id
      """;

  private static final String ADD_ITEMS =
      """
      UPDATE batch SET total = total + ?, byte_count = byte_count + ?, appended_at = ?
      WHERE id = ? AND state = 0
      RETURNING total
      """;

  private static final String STORED_ITEMS =
      """
      SELECT item_count FROM upload WHERE id = ? AND state = 0 AND epoch = ?
      """;

  private static final String BATCH_OF =
      """
      SELECT batch_id FROM upload WHERE id = ? AND state = 0
      """;

  private static final String MARK =
      """
      INSERT INTO redriven (parent_id, idx, upload_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
      """;

  private final long timeoutMillis;
  private final PublicIds ids;
  private final Uploads uploads;
  private final Destinations destinations;

  BatchIntake(long timeoutMillis, PublicIds ids, Uploads uploads, Destinations destinations) {
    this.timeoutMillis = timeoutMillis;
    this.ids = ids;
    this.uploads = uploads;
    this.destinations = destinations;
  }

  private record Keyed(
      BatchRef ref,
      boolean receiving,
      boolean creatorLives,
      long createdAt,
      byte @Nullable [] fingerprint) {}

  private record Batch(int state, long total, boolean oneShot) {}

  /** What a commit left. */
  record Committed(long batchId, long total) {}

  Begun begin(Session session, NewBatch batch, long now) throws SQLException {
    if (batch.idempotencyKey() != null) {
      Keyed keyed =
          session.first(BY_KEY, BatchIntake::keyed, batch.tenant(), batch.idempotencyKey());
      if (keyed != null && !isDead(session, keyed, now)) {
        return new Begun.Existing(keyed.ref, keyed.receiving, keyed.fingerprint);
      }
      if (keyed != null) {
        session.update(FORGET_KEY, keyed.ref.id());
      }
    }
    return new Begun.Created(create(session, batch, now));
  }

  boolean isTaken(Session session, String tenant, String key, long now) throws SQLException {
    Keyed keyed = session.first(BY_KEY, BatchIntake::keyed, tenant, key);
    return keyed != null && !isDead(session, keyed, now);
  }

  private static Keyed keyed(ResultSet row) throws SQLException {
    boolean receiving = row.getInt(3) == 1 && Rows.number(row, 4) == null;
    return new Keyed(
        JdbcBatchWriter.ref(row),
        receiving,
        row.getLong(5) == 1,
        row.getLong(6),
        receiving ? null : row.getBytes(7));
  }

  private boolean isDead(Session session, Keyed keyed, long now) throws SQLException {
    if (!keyed.receiving || uploads.isRunning(session, keyed.ref.id(), now)) {
      return false;
    }
    boolean justBegun = keyed.creatorLives && now - keyed.createdAt < timeoutMillis;
    return !justBegun || session.exists(HAS_UPLOADS, keyed.ref.id());
  }

  private BatchRef create(Session session, NewBatch batch, long now) throws SQLException {
    String publicId = ids.next();
    Canary canary = batch.options().canary();
    long id =
        session
            .number(
                CREATE,
                publicId,
                batch.tenant(),
                batch.open() ? 0 : 1,
                batch.name(),
                JsonColumns.metadata(batch.metadata()),
                JsonColumns.options(batch.options()),
                batch.template(),
                batch.idempotencyKey(),
                batch.fingerprint(),
                session.owner().id(),
                batch.parentId(),
                batch.options().weight(),
                Rows.millis(batch.options().notBefore()),
                Rows.millis(batch.options().deadline()),
                canary == null ? null : canary.items(),
                batch.options().openTimeout().toMillis(),
                now,
                now)
            .orElseThrow();
    return new BatchRef(id, publicId);
  }

  UploadOpening open(
      Session session, long batchId, @Nullable Long offset, @Nullable String key, long now)
      throws SQLException {
    Batch batch =
        session.first(BATCH, r -> new Batch(r.getInt(1), r.getLong(2), r.getInt(3) == 1), batchId);
    if (batch == null) {
      throw new StoreException(StoreException.Kind.UNAVAILABLE, "The batch is gone");
    }
    UploadOpening.@Nullable Earlier earlier =
        batch.oneShot ? null : earlier(session, batchId, batch.total, offset, key);
    if (earlier != null) {
      return earlier;
    }
    if (batch.state != StoredNumbers.OPEN) {
      return new UploadOpening.InvalidState(StoredNumbers.batchState(batch.state));
    }
    if (uploads.isRunning(session, batchId, now)) {
      return new UploadOpening.InProgress();
    }
    if (offset != null && offset > batch.total) {
      return new UploadOpening.Gap(batch.total);
    }
    if (offset != null && offset < batch.total) {
      return new UploadOpening.Misaligned(batch.total);
    }
    return new UploadOpening.Opened(
        uploads.open(session, batchId, batch.total, key, now), batch.total);
  }

  private static UploadOpening.@Nullable Earlier earlier(
      Session session, long batchId, long total, @Nullable Long offset, @Nullable String key)
      throws SQLException {
    Session.RowReader<UploadOpening.Earlier> reader =
        row -> new UploadOpening.Earlier(row.getBytes(1), row.getLong(2), total);
    if (key != null) {
      return session.first(EARLIER_BY_KEY, reader, batchId, key);
    }
    return offset == null || offset >= total
        ? null
        : session.first(EARLIER_BY_OFFSET, reader, batchId, offset);
  }

  void append(Session session, long uploadId, List<NewShard> shards, long now) throws SQLException {
    long items = 0;
    long bytes = 0;
    for (NewShard shard : shards) {
      items += shard.itemCount();
      bytes += shard.byteCount();
    }
    long batchId =
        session
            .number(TOUCH, now, items, bytes, uploadId, session.owner().id())
            .orElseThrow(BatchIntake::gone);
    for (NewShard shard : shards) {
      store(session, batchId, uploadId, shard);
    }
  }

  private void store(Session session, long batchId, long uploadId, NewShard shard)
      throws SQLException {
    if (shard.itemCount() < 1
        || shard.itemCount() > NewShard.MAX_ITEMS
        || shard.lastIndex() < shard.firstIndex()
        || shard.lastIndex() - shard.firstIndex() >= NewShard.MAX_SPAN
        || shard.lastIndex() >= Item.MAX_COUNT) {
      throw new IllegalStateException("A shard is out of bounds, indicates a bug: " + shard);
    }
    long destinationId = destinations.id(session, shard.destination());
    long seq = session.number(COUNT_IN_FLOW, batchId, destinationId).orElseThrow();
    long id =
        session
            .number(
                STORE_SHARD,
                batchId,
                uploadId,
                destinationId,
                seq,
                shard.firstIndex(),
                shard.lastIndex(),
                shard.itemCount(),
                shard.byteCount())
            .orElseThrow();
    session.update(STORE_PAYLOAD, id, shard.payload());
    if (shard.idFilter().length > 0) {
      session.update(STORE_FILTER, id, shard.idFilter());
    }
  }

  Committed commit(Session session, long uploadId, UploadSummary summary, long now)
      throws SQLException {
    long stored =
        session.number(STORED_ITEMS, uploadId, session.owner().id()).orElseThrow(BatchIntake::gone);
    if (stored != summary.itemCount()) {
      throw new IllegalStateException(
          "An upload of %d items has %d in shards, indicates a bug"
              .formatted(summary.itemCount(), stored));
    }
    long batchId =
        session
            .number(
                COMMIT,
                summary.fingerprint(),
                now,
                uploadId,
                session.owner().id(),
                summary.itemCount())
            .orElseThrow(BatchIntake::gone);
    long total =
        session
            .number(ADD_ITEMS, summary.itemCount(), summary.byteCount(), now, batchId)
            .orElseThrow(BatchIntake::gone);
    return new Committed(batchId, total);
  }

  void abandon(Session session, long uploadId) throws SQLException {
    Long batchId = session.first(BATCH_OF, row -> row.getLong(1), uploadId);
    if (batchId != null) {
      uploads.bury(session, uploadId, batchId);
    }
  }

  void markRedriven(Session session, long uploadId, long parentId, List<Long> indexes)
      throws SQLException {
    if (!session.exists(BATCH_OF, uploadId)) {
      throw gone();
    }
    for (Long index : indexes) {
      session.update(MARK, parentId, index, uploadId);
    }
  }

  private static StoreException gone() {
    return new StoreException(
        StoreException.Kind.UNAVAILABLE, "The upload is gone: it was idle for too long or ended");
  }
}
