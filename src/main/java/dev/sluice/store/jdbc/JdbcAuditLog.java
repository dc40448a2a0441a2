package dev.sluice.store.jdbc;

import dev.sluice.store.AuditEntry;
import dev.sluice.store.AuditLog;
import dev.sluice.store.AuditRecord;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The audit record in its table. */
final class JdbcAuditLog implements AuditLog {

  private static final String COLUMNS =
      "id, replica_id, seq, at, caller, tenant, action, object, status, request_id, source, hash";

  private static final String LAST =
      """
      SELECT seq, hash FROM audit WHERE replica_id = ? ORDER BY seq DESC LIMIT 1
      """;

  private static final String BEFORE =
      """
      SELECT seq, hash FROM audit WHERE replica_id = ? AND seq = ?
      """;

  private static final String INSERT =
      """
      INSERT INTO audit (replica_id, seq, at, caller, tenant, action, object, status, request_id, source, hash)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """;

  private static final Sql NEWEST =
      new Sql(
          "SELECT "
              + COLUMNS
              + """
               FROM audit
              WHERE id < ?1 AND (?2 IS NULL OR tenant = ?2) AND (?3 IS NULL OR caller = ?3)
                AND (?4 IS NULL OR object = ?4)
              ORDER BY id DESC LIMIT ?5
              """,
          "SELECT "
              + COLUMNS
              + """
               FROM audit
              CROSS JOIN (SELECT CAST(? AS bigint), CAST(? AS text), CAST(? AS text), CAST(? AS text))
                AS f(before_id, of_tenant, of_caller, of_object)
              WHERE id < before_id AND (of_tenant IS NULL OR tenant = of_tenant)
                AND (of_caller IS NULL OR caller = of_caller) AND (of_object IS NULL OR object = of_object)
              ORDER BY id DESC LIMIT ?
              """);

  private static final String OLDEST =
      "SELECT " + COLUMNS + " FROM audit WHERE id > ? ORDER BY id LIMIT ?";

  private static final String FORGET =
      """
      DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY id LIMIT ?)
      """;

  private final StoreWriter writer;
  private final StoreReader readers;

  JdbcAuditLog(StoreParts parts) {
    this.writer = parts.writer();
    this.readers = parts.readers(Patience.WHILE_HEARD);
  }

  /** The end of a chain. */
  private record Link(long seq, String hash) {
    static final Link NONE = new Link(0, "");

    static Link read(ResultSet row) throws SQLException {
      return new Link(row.getLong(1), row.getString(2));
    }
  }

  @Override
  public void append(List<AuditEntry> entries) {
    writer.write(
        session -> {
          long replica = session.owner().id();
          // Read anew each time: nobody knows whether an append that failed was kept.
          Link last =
              Objects.requireNonNullElse(session.first(LAST, Link::read, replica), Link.NONE);
          List<@Nullable Object[]> rows = new ArrayList<>(entries.size());
          for (AuditEntry entry : entries) {
            long seq = last.seq + 1;
            last = new Link(seq, AuditChain.hash(last.hash, replica, seq, entry));
            rows.add(row(replica, last, entry));
          }
          var _ = session.updateEach(INSERT, rows);
          return Boolean.TRUE;
        });
  }

  private static @Nullable Object[] row(long replica, Link link, AuditEntry entry) {
    return new @Nullable Object[] {
      replica,
      link.seq,
      entry.at().toEpochMilli(),
      entry.caller(),
      entry.tenant(),
      entry.action(),
      entry.object(),
      entry.status(),
      entry.requestId(),
      entry.source(),
      link.hash
    };
  }

  @Override
  public List<AuditRecord> entries(Filter filter, @Nullable Long beforeId, int limit) {
    long before = beforeId == null ? Long.MAX_VALUE : beforeId;
    return readers.read(
        session ->
            session.list(
                NEWEST,
                JdbcAuditLog::read,
                before,
                filter.tenant(),
                filter.caller(),
                filter.object(),
                limit));
  }

  private static AuditRecord read(ResultSet row) throws SQLException {
    return new AuditRecord(
        row.getLong(1),
        row.getLong(2),
        row.getLong(3),
        new AuditEntry(
            Instant.ofEpochMilli(row.getLong(4)),
            row.getString(5),
            row.getString(6),
            row.getString(7),
            row.getString(8),
            row.getInt(9),
            row.getString(10),
            row.getString(11)),
        row.getString(12));
  }

  @Override
  public Check check(long afterId, int limit) {
    return readers.read(
        session -> {
          List<AuditRecord> records = session.list(OLDEST, JdbcAuditLog::read, afterId, limit);
          Map<Long, Link> ends = new HashMap<>();
          long looked = 0;
          for (AuditRecord record : records) {
            looked++;
            if (!follows(session, ends.get(record.replica()), record)) {
              return new Check(looked, record.id(), null);
            }
            ends.put(record.replica(), new Link(record.seq(), record.hash()));
          }
          return new Check(looked, null, looked < limit ? null : records.getLast().id());
        });
  }

  /**
   * Tells whether an entry continues its chain. What was before the oldest entry that is kept
   * nobody knows any more: it is believed.
   *
   * @param end of the chain as far as it was read
   */
  private static boolean follows(Session session, @Nullable Link end, AuditRecord record)
      throws SQLException {
    Link before = record.seq() == 1 ? Link.NONE : end;
    if (before == null || before.seq != record.seq() - 1) {
      before = session.first(BEFORE, Link::read, record.replica(), record.seq() - 1);
      if (before == null) {
        return !session.exists(
            "SELECT 1 FROM audit WHERE replica_id = ? AND seq < ? LIMIT 1",
            record.replica(),
            record.seq());
      }
    }
    return AuditChain.hash(before.hash, record.replica(), record.seq(), record.entry())
        .equals(record.hash());
  }

  @Override
  public int forget(Instant before, int limit) {
    return writer.write(session -> session.update(FORGET, before.toEpochMilli(), limit));
  }
}
