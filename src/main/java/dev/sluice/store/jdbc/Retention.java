package dev.sluice.store.jdbc;

import dev.sluice.model.Outcome;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue.Lease;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Removes what has been kept long enough, a bounded number of rows a step. */
final class Retention {

  private static final Sql NEXT_WITH_PAYLOADS =
      new Sql(
          """
          SELECT id FROM batch INDEXED BY batch_finished
          WHERE finished_at < ? AND payloads_dropped = 0 AND closing = 0 ORDER BY finished_at LIMIT 1
          """,
          """
          SELECT id FROM batch
          WHERE finished_at < ? AND payloads_dropped = 0 AND closing = 0 ORDER BY finished_at LIMIT 1
          """);

  /** A shard closed as a whole is written out first: its payload is the list of its items. */
  private static final Sql NEXT_CLOSED =
      new Sql(
          """
          SELECT id, closed_seq, closed_as, closed_at FROM shard INDEXED BY shard_closed
          WHERE batch_id = ? AND closed_as IS NOT NULL LIMIT 1
          """,
          """
          SELECT id, closed_seq, closed_as, closed_at FROM shard
          WHERE batch_id = ? AND closed_as IS NOT NULL LIMIT 1
          """);

  private static final String WRITTEN_OUT =
      """
      UPDATE shard SET closed_as = NULL, settled_count = item_count WHERE id = ?
      """;

  private static final Sql DROP_PAYLOADS =
      new Sql(
          """
          DELETE FROM shard_payload WHERE shard_id IN (
            SELECT s.id FROM upload u CROSS JOIN shard s ON s.upload_id = u.id
              CROSS JOIN shard_payload p ON p.shard_id = s.id
            WHERE u.batch_id = ? LIMIT ?)
          """,
          """
          DELETE FROM shard_payload WHERE shard_id IN (
            SELECT s.id FROM upload u JOIN shard s ON s.upload_id = u.id
              JOIN shard_payload p ON p.shard_id = s.id
            WHERE u.batch_id = ? LIMIT ?)
          """);

  private static final String DROP_RESPONSES =
      """
      DELETE FROM response WHERE id IN (SELECT id FROM response WHERE batch_id = ? LIMIT ?)
      """;

  private static final String PAYLOADS_DROPPED =
      """
      UPDATE batch SET payloads_dropped = 1, template = NULL WHERE id = ?
      """;

  private static final Sql NEXT_WITH_ROWS =
      new Sql(
          """
          SELECT id FROM batch INDEXED BY batch_finished
          WHERE finished_at < ? AND payloads_dropped = 1 AND rows_dropped = 0 ORDER BY finished_at LIMIT 1
          """,
          """
          SELECT id FROM batch
          WHERE finished_at < ? AND payloads_dropped = 1 AND rows_dropped = 0 ORDER BY finished_at LIMIT 1
          """);

  private static final Sql DROP_OUTCOMES =
      new Sql(
          """
          DELETE FROM outcome WHERE (batch_id, seq) IN (SELECT batch_id, seq FROM outcome WHERE batch_id = ? LIMIT ?)
          """,
          """
          DELETE FROM outcome_run WHERE (batch_id, seq) IN (
            SELECT batch_id, seq FROM outcome_run WHERE batch_id = ? LIMIT ?)
          """);

  private static final Sql DROP_ATTEMPTS =
      Sql.both(
          """
          DELETE FROM attempt WHERE (batch_id, idx, number) IN (
            SELECT batch_id, idx, number FROM attempt WHERE batch_id = ? LIMIT ?)
          """);

  private static final Sql DROP_FILTERS =
      new Sql(
          """
          DELETE FROM shard_filter WHERE shard_id IN (
            SELECT s.id FROM upload u CROSS JOIN shard s ON s.upload_id = u.id WHERE u.batch_id = ? LIMIT ?)
          """,
          """
          DELETE FROM shard_filter WHERE shard_id IN (
            SELECT s.id FROM upload u JOIN shard s ON s.upload_id = u.id WHERE u.batch_id = ? LIMIT ?)
          """);

  private static final Sql DROP_SHARDS =
      new Sql(
          """
          DELETE FROM shard WHERE id IN (
            SELECT s.id FROM upload u CROSS JOIN shard s ON s.upload_id = u.id WHERE u.batch_id = ? LIMIT ?)
          """,
          """
          DELETE FROM shard WHERE id IN (
            SELECT s.id FROM upload u JOIN shard s ON s.upload_id = u.id WHERE u.batch_id = ? LIMIT ?)
          """);

  private static final Sql DROP_FLOWS =
      Sql.both(
          """
          DELETE FROM flow WHERE (batch_id, destination_id) IN (
            SELECT batch_id, destination_id FROM flow WHERE batch_id = ? LIMIT ?)
          """);

  private static final String ROWS_DROPPED =
      """
      UPDATE batch SET rows_dropped = 1 WHERE id = ?
      """;

  private static final Sql NEXT_BATCHES =
      new Sql(
          """
          SELECT id FROM batch INDEXED BY batch_finished
          WHERE finished_at < ? AND rows_dropped = 1 ORDER BY finished_at LIMIT ?
          """,
          """
          SELECT id FROM batch
          WHERE finished_at < ? AND rows_dropped = 1 ORDER BY finished_at LIMIT ?
          """);

  private static final List<String> REST_OF_BATCH =
      List.of(
          "DELETE FROM redriven WHERE upload_id IN (SELECT id FROM upload WHERE batch_id = ?)",
          "DELETE FROM redriven WHERE parent_id = ?",
          "DELETE FROM upload WHERE batch_id = ?",
          "DELETE FROM failure_counter WHERE batch_id = ?",
          "DELETE FROM batch_counter WHERE batch_id = ?",
          "DELETE FROM resolution WHERE batch_id = ?",
          "DELETE FROM batch WHERE id = ?");

  private static final String FREE_PAGES = "PRAGMA freelist_count";
  private static final String PAGES = "PRAGMA page_count";
  private static final String GIVE_BACK_PAGES = "PRAGMA incremental_vacuum(512)";

  private record Closed(long shardId, long seq, int as, Instant at) {}

  private Retention() {}

  static int dropPayloads(Session session, long before, int limit) throws SQLException {
    Long batchId = session.first(NEXT_WITH_PAYLOADS, row -> row.getLong(1), before);
    if (batchId == null) {
      return 0;
    }
    int moved = writeOut(session, batchId, limit);
    moved += moved < limit ? session.update(DROP_PAYLOADS, batchId, limit - moved) : 0;
    moved += moved < limit ? session.update(DROP_RESPONSES, batchId, limit - moved) : 0;
    if (moved < limit) {
      moved += session.update(PAYLOADS_DROPPED, batchId);
    }
    shrink(session);
    return moved;
  }

  private static int writeOut(Session session, long batchId, int limit) throws SQLException {
    int written = 0;
    while (written < limit) {
      Closed closed = session.first(NEXT_CLOSED, Retention::closed, batchId);
      if (closed == null) {
        break;
      }
      ShardDecoder items = ShardContents.items(session, closed.shardId);
      List<Outcome> outcomes = new ArrayList<>(items.itemCount());
      for (int ordinal = 0; ordinal < items.itemCount(); ordinal++) {
        outcomes.add(
            ClosedAs.outcome(
                items.index(ordinal),
                items.id(ordinal),
                StoredNumbers.outcomeState(closed.as),
                0,
                closed.at));
      }
      OutcomeRows.writeOut(session, new Lease(closed.shardId, batchId, 0, 0), outcomes, closed.seq);
      session.update(WRITTEN_OUT, closed.shardId);
      written += items.itemCount();
    }
    return written;
  }

  private static Closed closed(ResultSet row) throws SQLException {
    return new Closed(
        row.getLong(1), row.getLong(2), row.getInt(3), Instant.ofEpochMilli(row.getLong(4)));
  }

  static int dropRows(Session session, long before, int limit) throws SQLException {
    Long batchId = session.first(NEXT_WITH_ROWS, row -> row.getLong(1), before);
    if (batchId == null) {
      return 0;
    }
    int moved = 0;
    for (Sql step : List.of(DROP_OUTCOMES, DROP_ATTEMPTS, DROP_FILTERS, DROP_SHARDS, DROP_FLOWS)) {
      moved += moved < limit ? session.update(step, batchId, limit - moved) : 0;
    }
    if (moved < limit) {
      moved += session.update(ROWS_DROPPED, batchId);
    }
    shrink(session);
    return moved;
  }

  static int dropBatches(Session session, long before, int limit) throws SQLException {
    List<Long> batches = session.list(NEXT_BATCHES, row -> row.getLong(1), before, limit);
    for (Long batchId : batches) {
      for (String step : REST_OF_BATCH) {
        session.update(step, batchId);
      }
    }
    return batches.size();
  }

  /** Gives pages back to the file system while more than a quarter of the file is unused. */
  private static void shrink(Session session) throws SQLException {
    if (session.dialect() != Dialect.SQLITE) {
      return;
    }
    long free = session.number(FREE_PAGES).orElse(0);
    long pages = session.number(PAGES).orElse(0);
    if (free > 1024 && free * 4 > pages) {
      // Each row that is read gives back one page.
      session.list(GIVE_BACK_PAGES, row -> Boolean.TRUE);
    }
  }
}
