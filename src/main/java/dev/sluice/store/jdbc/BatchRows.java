package dev.sluice.store.jdbc;

import dev.sluice.model.Counts;
import dev.sluice.store.BatchReader.BatchFilter;
import dev.sluice.store.BatchRecord;
import dev.sluice.store.BatchRef;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads batches with their counters. */
final class BatchRows {

  private static final String ONE =
      """
      SELECT b.id, b.public_id, b.tenant, b.name, b.metadata, b.options, b.template, b.state, b.reason,
        b.total, b.created_at, b.sealed_at, b.started_at, b.paused_at, b.cancelled_at, b.finished_at,
        b.payloads_dropped, p.public_id,
        coalesce(sum(c.succeeded), 0), coalesce(sum(c.failed), 0), coalesce(sum(c.expired), 0),
        coalesce(sum(c.cancelled), 0), coalesce(sum(c.rejected), 0), coalesce(sum(c.in_doubt), 0),
        coalesce(sum(c.attempts), 0), max(c.last_outcome_at), b.held_from
      FROM batch b
        LEFT JOIN batch p ON p.id = b.parent_id
        LEFT JOIN batch_counter c ON c.batch_id = b.id
      WHERE b.public_id = ? AND b.tenant = ? AND (b.one_shot = 0 OR b.sealed_at IS NOT NULL)
      GROUP BY b.id, p.public_id
      """;

  /** Newest first; a filter that is NULL matches everything. */
  private static final Sql PAGE =
      new Sql(
          """
          SELECT b.id, b.public_id, b.tenant, b.name, b.metadata, b.options, b.template, b.state, b.reason,
            b.total, b.created_at, b.sealed_at, b.started_at, b.paused_at, b.cancelled_at, b.finished_at,
            b.payloads_dropped, (SELECT p.public_id FROM batch p WHERE p.id = b.parent_id),
            (SELECT coalesce(sum(c.succeeded), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.failed), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.expired), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.cancelled), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.rejected), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.in_doubt), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.attempts), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT max(c.last_outcome_at) FROM batch_counter c WHERE c.batch_id = b.id), b.held_from
          FROM batch b
          WHERE b.tenant = ?1 AND b.id < ?2 AND (b.one_shot = 0 OR b.sealed_at IS NOT NULL)
            AND (?3 = 0 OR (1 << b.state) & ?3 <> 0)
            AND (?4 IS NULL OR b.name = ?4)
            AND NOT EXISTS (
              SELECT 1 FROM json_each(?5) wanted
              WHERE NOT EXISTS (
                SELECT 1 FROM json_each(b.metadata) have
                WHERE have.key = wanted.key AND have.value = wanted.value))
          ORDER BY b.id DESC LIMIT ?6
          """,
          """
          SELECT b.id, b.public_id, b.tenant, b.name, b.metadata, b.options, b.template, b.state, b.reason,
            b.total, b.created_at, b.sealed_at, b.started_at, b.paused_at, b.cancelled_at, b.finished_at,
            b.payloads_dropped, (SELECT parent.public_id FROM batch parent WHERE parent.id = b.parent_id),
            (SELECT coalesce(sum(c.succeeded), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.failed), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.expired), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.cancelled), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.rejected), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.in_doubt), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT coalesce(sum(c.attempts), 0) FROM batch_counter c WHERE c.batch_id = b.id),
            (SELECT max(c.last_outcome_at) FROM batch_counter c WHERE c.batch_id = b.id), b.held_from
          FROM (VALUES (CAST(? AS text), CAST(? AS bigint), CAST(? AS bigint), CAST(? AS text), CAST(? AS jsonb)))
              AS p(tenant, before_id, states, name, metadata)
            JOIN batch b ON b.tenant = p.tenant AND b.id < p.before_id
          WHERE (b.one_shot = 0 OR b.sealed_at IS NOT NULL)
            AND (p.states = 0 OR (1::bigint << b.state) & p.states <> 0)
            AND (p.name IS NULL OR b.name = p.name)
            AND b.metadata::jsonb @> p.metadata
          ORDER BY b.id DESC LIMIT ?
          """);

  private final Lanes lanes;

  BatchRows(Lanes lanes) {
    this.lanes = lanes;
  }

  @Nullable BatchRecord one(Session session, String tenant, String publicId) throws SQLException {
    return session.first(ONE, this::read, publicId, tenant);
  }

  List<BatchRecord> page(Session session, BatchFilter filter, long beforeId, int limit)
      throws SQLException {
    long states = 0;
    for (var state : filter.states()) {
      states |= 1L << StoredNumbers.of(state);
    }
    return new ArrayList<>(
        session.list(
            PAGE,
            this::read,
            filter.tenant(),
            beforeId,
            states,
            filter.name(),
            JsonColumns.metadata(filter.metadata()),
            limit));
  }

  private BatchRecord read(ResultSet row) throws SQLException {
    long id = row.getLong(1);
    String template = row.getString(7);
    Map<String, String> metadata = JsonColumns.metadata(row.getString(5));
    return new BatchRecord(
        new BatchRef(id, row.getString(2)),
        row.getString(3),
        row.getString(4),
        metadata,
        JsonColumns.options(row.getString(6)),
        template,
        StoredNumbers.batchState(row.getInt(8)),
        JsonColumns.reason(row.getString(9)),
        new Counts(
            row.getLong(10),
            lanes.inFlight(id),
            row.getLong(19),
            row.getLong(20),
            row.getLong(21),
            row.getLong(22),
            row.getLong(23),
            row.getLong(24)),
        row.getLong(25),
        times(row),
        row.getString(18),
        row.getInt(17) == 1,
        Rows.number(row, 27));
  }

  private static BatchRecord.Times times(ResultSet row) throws SQLException {
    return new BatchRecord.Times(
        Instant.ofEpochMilli(row.getLong(11)),
        Rows.instant(row, 12),
        Rows.instant(row, 13),
        Rows.instant(row, 14),
        Rows.instant(row, 15),
        Rows.instant(row, 16),
        lastOutcome(row));
  }

  private static @Nullable Instant lastOutcome(ResultSet row) throws SQLException {
    long millis = row.getLong(26);
    return millis == 0 ? null : Instant.ofEpochMilli(millis);
  }
}
