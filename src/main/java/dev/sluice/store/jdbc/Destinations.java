package dev.sluice.store.jdbc;

import dev.sluice.model.Destination;
import dev.sluice.model.StateReason;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Destination rows: their ids, cached once committed, and how they are read. */
final class Destinations {

  static final String COLUMNS =
      "id, scheme, host, port, settings, paused_since, paused_until, pause_reason, parked_until, park_reason";

  private static final int MAX_CACHED = 100_000;

  private static final String FIND =
      """
      SELECT id FROM destination WHERE key = ?
      """;

  private static final String CREATE =
      """
      INSERT INTO destination (key, scheme, host, port, settings) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id
      """;

  private final Map<Destination, Long> ids =
      Collections.synchronizedMap(
          new LinkedHashMap<>(256, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Destination, Long> eldest) {
              return size() > MAX_CACHED;
            }
          });

  private final Lanes lanes;

  Destinations(Lanes lanes) {
    this.lanes = lanes;
  }

  /** Gives the id of a destination, which is created when it is new. */
  long id(Session session, Destination destination) throws SQLException {
    Long cached = ids.get(destination);
    if (cached != null) {
      return cached;
    }
    OptionalLong found = session.number(FIND, destination.key());
    if (found.isPresent()) {
      ids.put(destination, found.getAsLong());
      return found.getAsLong();
    }
    long created =
        session
            .number(
                CREATE,
                destination.key(),
                destination.scheme(),
                destination.host(),
                destination.port(),
                JsonColumns.settings(DestinationSettings.DEFAULT))
            .orElseThrow();
    session.afterCommit(() -> ids.put(destination, created));
    return created;
  }

  /** Reads a row of {@link #COLUMNS}. */
  DestinationRecord read(ResultSet row) throws SQLException {
    long id = row.getLong(1);
    Instant now = lanes.now();
    Instant parkedUntil = Rows.instant(row, 9);
    boolean parked = parkedUntil != null && parkedUntil.isAfter(now);
    return new DestinationRecord(
        id,
        destination(row, 2),
        JsonColumns.settings(row.getString(5)),
        pause(row, now),
        parked ? parkedUntil : null,
        parked ? row.getString(10) : null,
        lanes.lane(id));
  }

  private static DestinationRecord.@Nullable Pause pause(ResultSet row, Instant now)
      throws SQLException {
    Instant since = Rows.instant(row, 6);
    Instant until = Rows.instant(row, 7);
    StateReason reason = JsonColumns.reason(row.getString(8));
    if (since == null || reason == null || (until != null && !until.isAfter(now))) {
      return null;
    }
    return new DestinationRecord.Pause(since, until, reason);
  }

  /** Reads scheme, host and port from the column on. */
  static Destination destination(ResultSet row, int column) throws SQLException {
    return new Destination(
        row.getString(column), row.getString(column + 1), row.getInt(column + 2));
  }
}
