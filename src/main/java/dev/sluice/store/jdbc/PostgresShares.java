package dev.sluice.store.jdbc;

import dev.sluice.store.LimitKey;
import dev.sluice.store.LimitShares;
import dev.sluice.store.ShareLedger;
import dev.sluice.store.ShareLedger.Entry;
import dev.sluice.store.ShareLedger.Holder;
import dev.sluice.store.ShareLedger.Renewal;
import dev.sluice.store.StoreException;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Shares of limits in the database that all replicas use. Renewals come one after the other, by a
 * lock on one row; each reads only what changed since the last one and writes only what it changed.
 * All times are the database's. One thread.
 */
final class PostgresShares implements LimitShares {

  /** Nobody waits longer for a renewal than shares last; nobody keeps others waiting for longer. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final int NETWORK_MILLIS = 1_500;
  private static final long TIDY_MILLIS = Duration.ofMinutes(10).toMillis();
  private static final long KEPT_MILLIS = Duration.ofDays(7).toMillis();

  /** A process that stops in the middle of a renewal must not stop the others. */
  private static final String BOUND =
      """
      SELECT set_config('idle_in_transaction_session_timeout', ?, true)
      """;

  private static final String BEGIN =
      """
      UPDATE limit_version SET version = version + 1
      RETURNING version, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)
      """;

  /** Where the clock of the database was put back, what was valid ahead of it ends in time. */
  private static final String MEND =
      """
      UPDATE limit_holder SET valid_until = ? WHERE valid_until > ?
      """;

  private static final String HOLDERS =
      """
      SELECT replica_id, beat, valid_until FROM limit_holder
      """;

  private static final String CHANGED =
      """
      SELECT kind, limited_id, replica_id, wanted, share, since FROM limit_share WHERE version > ?
      """;

  private static final String OF_KEYS =
      """
      SELECT s.kind, s.limited_id, s.replica_id, s.wanted, s.share, s.since
      FROM unnest(?::smallint[], ?::text[]) AS k(kind, limited_id)
        JOIN limit_share s ON s.kind = k.kind AND s.limited_id = k.limited_id
      """;

  private static final String HOLD =
      """
      INSERT INTO limit_holder (replica_id, beat, valid_until) VALUES (?, ?, ?)
      ON CONFLICT (replica_id) DO UPDATE SET beat = excluded.beat, valid_until = excluded.valid_until
      """;

  private static final String CHANGE =
      """
      INSERT INTO limit_share (kind, limited_id, replica_id, wanted, share, since, version)
      SELECT kind, limited_id, ?, wanted, share, since, ?
      FROM unnest(?::smallint[], ?::text[], ?::double precision[], ?::double precision[], ?::bigint[])
        AS c(kind, limited_id, wanted, share, since)
      ON CONFLICT (kind, limited_id, replica_id)
        DO UPDATE SET wanted = excluded.wanted, share = excluded.share, since = excluded.since,
          version = excluded.version
      """;

  private static final String TIDY_SHARES =
      """
      DELETE FROM limit_share WHERE ctid = ANY(ARRAY(
        SELECT s.ctid FROM limit_share s LEFT JOIN limit_holder h ON h.replica_id = s.replica_id
        WHERE s.since < ? AND (s.share = 0 OR h.valid_until IS NULL OR h.valid_until < ?) LIMIT 500))
      """;

  private static final String TIDY_HOLDERS =
      """
      DELETE FROM limit_holder WHERE valid_until < ?
      """;

  private final StoreWriter writer;
  private ShareLedger ledger = new ShareLedger();

  /** The latest version that the ledger has seen; 0 while it has seen none. */
  private long seen;

  /** Whether the ledger may tell of what is not on disk. */
  private boolean uncertain;

  private long beat;
  private long tidiedAt;

  PostgresShares(StoreWriter writer) {
    this.writer = writer;
  }

  @Override
  public boolean areWhole() {
    return false;
  }

  @Override
  public List<Share> renew(List<Demand> demands) {
    long number = ++beat;
    List<Share> shares = writer.write(session -> renew(session, number, demands), PATIENCE);
    ledger.keepOnly(demands.stream().map(Demand::key).collect(Collectors.toSet()));
    uncertain = false;
    return shares;
  }

  private List<Share> renew(Session session, long number, List<Demand> demands)
      throws SQLException {
    if (uncertain) {
      // What an earlier run took for stored may not have been committed.
      ledger = new ShareLedger();
      seen = 0;
    }
    uncertain = true;
    session.connection().setNetworkTimeout(Runnable::run, NETWORK_MILLIS);
    session.list(BOUND, _ -> Boolean.TRUE, Long.toString(PATIENCE.toMillis()));
    record Begun(long version, long millis) {}
    Begun begun = session.first(BEGIN, row -> new Begun(row.getLong(1), row.getLong(2)));
    if (begun == null) {
      throw new IllegalStateException("The version of limits is missing, indicates a bug");
    }
    read(session, begun.millis, demands);
    long replica = session.owner().id();
    Renewal renewal = ledger.renew(replica, number, demands, Instant.ofEpochMilli(begun.millis));
    if (renewal == null) {
      throw new StoreException(
          StoreException.Kind.UNAVAILABLE, "A later renewal of shares has overtaken this one");
    }
    Holder holder = renewal.holder();
    session.update(HOLD, holder.replica(), holder.beat(), holder.validUntil().toEpochMilli());
    if (!renewal.changed().isEmpty()) {
      write(session, replica, begun.version, renewal.changed());
    }
    tidy(session, begun.millis);
    seen = begun.version;
    return renewal.shares();
  }

  /** Brings the ledger up to date in what is demanded. */
  private void read(Session session, long now, List<Demand> demands) throws SQLException {
    readHolders(session, Instant.ofEpochMilli(now).plus(VALID));
    List<LimitKey> unknown =
        demands.stream().map(Demand::key).filter(key -> !ledger.knows(key)).toList();
    if (seen > 0) {
      for (Entry entry : session.list(CHANGED, PostgresShares::entry, seen)) {
        if (ledger.knows(entry.key())) {
          ledger.put(entry);
        }
      }
    }
    if (!unknown.isEmpty()) {
      session
          .list(
              OF_KEYS,
              PostgresShares::entry,
              column(session, "smallint", unknown, key -> StoredNumbers.of(key.kind())),
              column(session, "text", unknown, LimitKey::id))
          .forEach(ledger::put);
    }
  }

  private void readHolders(Session session, Instant latest) throws SQLException {
    List<Holder> holders = session.list(HOLDERS, PostgresShares::holder);
    if (holders.stream().anyMatch(holder -> holder.validUntil().isAfter(latest))) {
      session.update(MEND, latest.toEpochMilli(), latest.toEpochMilli());
      holders = session.list(HOLDERS, PostgresShares::holder);
    }
    holders.forEach(ledger::put);
  }

  private static Holder holder(ResultSet row) throws SQLException {
    return new Holder(row.getLong(1), row.getLong(2), Instant.ofEpochMilli(row.getLong(3)));
  }

  private static Entry entry(ResultSet row) throws SQLException {
    return new Entry(
        new LimitKey(StoredNumbers.limitKind(row.getInt(1)), row.getString(2)),
        row.getLong(3),
        row.getDouble(4),
        row.getDouble(5),
        Instant.ofEpochMilli(row.getLong(6)));
  }

  private static void write(Session session, long replica, long version, List<Entry> entries)
      throws SQLException {
    int count =
        session.update(
            CHANGE,
            replica,
            version,
            column(session, "smallint", entries, entry -> StoredNumbers.of(entry.key().kind())),
            column(session, "text", entries, entry -> entry.key().id()),
            column(session, "double precision", entries, Entry::wanted),
            column(session, "double precision", entries, Entry::share),
            column(session, "bigint", entries, entry -> entry.since().toEpochMilli()));
    if (count != entries.size()) {
      throw new IllegalStateException(
          "%d of %d shares were written, indicates a bug".formatted(count, entries.size()));
    }
  }

  private static <T> Array column(
      Session session, String type, List<T> rows, Function<T, Object> value) throws SQLException {
    return session.connection().createArrayOf(type, rows.stream().map(value).toArray());
  }

  private void tidy(Session session, long now) throws SQLException {
    if (now - tidiedAt >= TIDY_MILLIS) {
      tidiedAt = now;
      session.update(TIDY_SHARES, now - KEPT_MILLIS, now - KEPT_MILLIS);
      session.update(TIDY_HOLDERS, now - KEPT_MILLIS);
    }
  }
}
