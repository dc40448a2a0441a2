package dev.sluice.store.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The life of uploads: opened, committed, or dead and then removed in bounded steps. */
final class Uploads {

  private static final String OPEN =
      """
      INSERT INTO upload (batch_id, epoch, state, first_index, idempotency_key, opened_at, touched_at)
      VALUES (?, ?, 0, ?, ?, ?, ?)
      RETURNING id
      """;

  private static final String RUNNING =
      """
      SELECT u.id, u.epoch, (SELECT count(*) FROM replica r WHERE r.id = u.epoch AND r.state = 0), u.touched_at
      FROM upload u WHERE u.batch_id = ? AND u.state = 0
      """;

  private static final String BURY =
      """
      UPDATE upload SET state = 2 WHERE id = ? AND state = 0
      """;

  /** A one-shot batch dies with its upload: its key is free at once. */
  private static final String FREE_KEY =
      """
      UPDATE batch SET idempotency_key = NULL WHERE id = ? AND one_shot = 1 AND sealed_at IS NULL
      """;

  /** Whoever takes an upload in tells when it is idle: another's clock may be ahead of his. */
  private static final String IDLE =
      """
      SELECT u.id, u.batch_id FROM upload u
      WHERE u.state = 0
        AND ((u.epoch = ? AND u.touched_at < ?)
          OR NOT EXISTS (SELECT 1 FROM replica r WHERE r.id = u.epoch AND r.state = 0))
      LIMIT ?
      """;

  private static final String DEAD =
      """
      SELECT id, batch_id FROM upload WHERE state = 2 ORDER BY id LIMIT ?
      """;

  private static final String DEAD_OF_BATCH =
      """
      SELECT id, batch_id FROM upload WHERE batch_id = ? AND state = 2 LIMIT 1
      """;

  private static final String UPLOAD =
      """
      SELECT id, batch_id FROM upload WHERE id = ? AND state = 2
      """;

  private static final String SHARDS =
      """
      SELECT id, destination_id FROM shard WHERE upload_id = ? ORDER BY first_index LIMIT ?
      """;

  private static final String DELETE_PAYLOAD = "DELETE FROM shard_payload WHERE shard_id = ?";
  private static final String DELETE_FILTER = "DELETE FROM shard_filter WHERE shard_id = ?";
  private static final String DELETE_SHARD = "DELETE FROM shard WHERE id = ?";

  private static final String UNCOUNT =
      """
      UPDATE flow SET ready_shards = ready_shards - 1 WHERE batch_id = ? AND destination_id = ?
      """;

  private static final String DELETE_REDRIVEN =
      """
      DELETE FROM redriven WHERE (parent_id, idx, upload_id) IN
        (SELECT parent_id, idx, upload_id FROM redriven WHERE upload_id = ? LIMIT ?)
      """;

  private static final String DELETE_UPLOAD = "DELETE FROM upload WHERE id = ?";

  private static final String DELETE_FLOWS =
      """
      DELETE FROM flow WHERE batch_id = (SELECT id FROM batch WHERE id = ? AND one_shot = 1 AND sealed_at IS NULL)
      """;

  private static final String DELETE_ORPHAN =
      """
      DELETE FROM batch WHERE id = ? AND one_shot = 1 AND sealed_at IS NULL
      """;

  private static final String ORPHANS =
      """
      DELETE FROM batch WHERE id IN (
        SELECT b.id FROM batch b
        WHERE b.sealed_at IS NULL AND b.finished_at IS NULL AND b.one_shot = 1
          AND (b.created_at < ?
            OR NOT EXISTS (SELECT 1 FROM replica r WHERE r.id = b.created_epoch AND r.state = 0))
          AND NOT EXISTS (SELECT 1 FROM upload u WHERE u.batch_id = b.id)
        LIMIT ?)
      """;

  private static final String BATCH_OF =
      """
      SELECT batch_id FROM upload WHERE id = ? AND state = 0
      """;

  private final long timeoutMillis;

  /**
   * Uploads of this process that are over, until the store knows: it may be away when one breaks
   * off. No more than run at once, for without the store none begins.
   */
  private final Set<Long> over = ConcurrentHashMap.newKeySet();

  Uploads(long timeoutMillis) {
    this.timeoutMillis = timeoutMillis;
  }

  /** An upload of a batch. */
  record Dead(long id, long batchId) {}

  private record Running(long id, long epoch, boolean senderLives, long touchedAt) {

    static Running of(ResultSet row) throws SQLException {
      return new Running(row.getLong(1), row.getLong(2), row.getLong(3) == 1, row.getLong(4));
    }
  }

  long open(Session session, long batchId, long firstIndex, @Nullable String key, long now)
      throws SQLException {
    return session
        .number(OPEN, batchId, session.owner().id(), firstIndex, key, now, now)
        .orElseThrow();
  }

  /** Says that an upload brings nothing more, whatever becomes of the call that buries it. */
  void ended(long uploadId) {
    over.add(uploadId);
  }

  /** Says that the store knows. */
  void buried(long uploadId) {
    over.remove(uploadId);
  }

  /** Tells whether an upload of the batch runs; those that are dead are buried. */
  boolean isRunning(Session session, long batchId, long now) throws SQLException {
    boolean running = false;
    for (Running upload : session.list(RUNNING, Running::of, batchId)) {
      boolean mine = upload.epoch == session.owner().id();
      boolean idle = mine && now - upload.touchedAt >= timeoutMillis;
      if (upload.senderLives && !idle && !over.contains(upload.id)) {
        running = true;
      } else {
        bury(session, upload.id, batchId);
      }
    }
    return running;
  }

  /** Ends all uploads of a batch that takes no items any more. */
  void buryAll(Session session, long batchId) throws SQLException {
    for (Running upload : session.list(RUNNING, Running::of, batchId)) {
      bury(session, upload.id, batchId);
    }
  }

  /** Makes an upload dead: its shards will never be seen. */
  void bury(Session session, long uploadId, long batchId) throws SQLException {
    session.update(BURY, uploadId);
    session.update(FREE_KEY, batchId);
  }

  /**
   * Buries uploads of earlier processes, those idle since {@code idleSince}, and those that broke
   * off while the store was away.
   */
  int buryIdle(Session session, long idleSince, int limit) throws SQLException {
    for (Long id : over) {
      Long batchId = session.first(BATCH_OF, row -> row.getLong(1), id);
      if (batchId != null) {
        bury(session, id, batchId);
      }
      session.afterCommit(() -> buried(id));
    }
    List<Dead> idle = session.list(IDLE, Uploads::dead, session.owner().id(), idleSince, limit);
    for (Dead upload : idle) {
      bury(session, upload.id, upload.batchId);
    }
    return idle.size();
  }

  @Nullable Dead deadOf(Session session, long batchId) throws SQLException {
    return session.first(DEAD_OF_BATCH, Uploads::dead, batchId);
  }

  @Nullable Dead dead(Session session, long uploadId) throws SQLException {
    return session.first(UPLOAD, Uploads::dead, uploadId);
  }

  /** Removes up to {@code limit} shards of dead uploads, and what is left without any. */
  int removeDead(Session session, long idleSince, int limit) throws SQLException {
    int moved = 0;
    for (Dead upload : session.list(DEAD, Uploads::dead, 64)) {
      if (moved >= limit) {
        return moved;
      }
      moved += remove(session, upload, limit - moved);
    }
    return moved + session.update(ORPHANS, idleSince, Math.max(1, limit - moved));
  }

  /** Removes up to {@code limit} shards of a dead upload; the upload with the last of them. */
  int remove(Session session, Dead upload, int limit) throws SQLException {
    List<long[]> shards =
        session.list(SHARDS, row -> new long[] {row.getLong(1), row.getLong(2)}, upload.id, limit);
    for (long[] shard : shards) {
      session.update(DELETE_PAYLOAD, shard[0]);
      session.update(DELETE_FILTER, shard[0]);
      session.update(DELETE_SHARD, shard[0]);
      session.update(UNCOUNT, upload.batchId, shard[1]);
    }
    int marks = session.update(DELETE_REDRIVEN, upload.id, limit);
    if (shards.size() == limit || marks == limit) {
      return limit;
    }
    session.update(DELETE_UPLOAD, upload.id);
    session.update(DELETE_FLOWS, upload.batchId);
    session.update(DELETE_ORPHAN, upload.batchId);
    return shards.size() + 1;
  }

  private static Dead dead(ResultSet row) throws SQLException {
    return new Dead(row.getLong(1), row.getLong(2));
  }
}
