package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.TimeTrust;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;

/**
 * Keeps in the store when it was last in use, as far as that time was believed, so that a start
 * notices a clock that is off by years.
 */
final class SeenTime {

  private static final String SEEN =
      """
      SELECT seen_at FROM seen_time WHERE id = 1
      """;

  private static final String NOTE =
      """
      INSERT INTO seen_time (id, seen_at) VALUES (1, ?)
      ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
      """;

  private static final long NOTE_NANOS = Duration.ofMinutes(1).toNanos();

  private final StoreWriter writer;
  private final ProcessClock clock;
  private final TimeTrust time;

  /** Housekeeping's thread only. */
  private long notedAt;

  SeenTime(StoreParts parts) {
    this.writer = parts.writer();
    this.clock = parts.clock();
    this.time = parts.time();
    this.notedAt = clock.nanoTime() - NOTE_NANOS;
  }

  /** Compares the present time with what the store has seen, before anything else is done by it. */
  static void startedAfter(Session session, TimeTrust time, ProcessClock clock)
      throws SQLException {
    OptionalLong seen = session.number(SEEN);
    Instant lastSeen = seen.isPresent() ? Instant.ofEpochMilli(seen.getAsLong()) : null;
    if (time.startedAfter(lastSeen)) {
      session.update(NOTE, clock.instant().toEpochMilli());
    }
    session.connection().commit();
  }

  boolean holds() {
    return time.holds();
  }

  /** Writes the present time down once a minute, if it is believed. */
  void note() {
    long now = clock.nanoTime();
    if (now - notedAt >= NOTE_NANOS && time.holds()) {
      writer.writeForgettable(session -> session.update(NOTE, clock.instant().toEpochMilli()));
      notedAt = now;
    }
  }
}
