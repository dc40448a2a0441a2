package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the other replicas that shards may have become claimable, and hears when they say so. It
 * has a thread and a connection of its own: a commit that notifies waits for every other one of the
 * whole server that does. What rings within one round rings once. Nobody depends on it: who hears
 * nothing looks by himself a little later.
 */
final class Doorbell implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Doorbell.class);

  /** Longest wait for the others before it is looked whether to ring. */
  private static final int LISTEN_MILLIS = 50;

  /** Between two rings, however often it is woken by others. */
  private static final Duration QUIET = Duration.ofMillis(50);

  private static final Duration LOOK_AFTER_LINE = Duration.ofSeconds(10);
  private static final Duration FIRST_WAIT = Duration.ofMillis(500);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

  private static final String LISTEN =
      """
      LISTEN sluice_ready
      """;

  private static final String RING =
      """
      NOTIFY sluice_ready
      """;

  private static final String LIVES =
      """
      SELECT 1
      """;

  private final PostgresConnector connector;
  private final Readiness readiness;
  private final ProcessClock clock;
  private final AtomicBoolean wanted = new AtomicBoolean();
  private final Rounds rounds = new Rounds("sluice-doorbell", Duration.ZERO, this::round);

  /** The bell's thread only, like all that follows. */
  private @Nullable Line line;

  private Duration wait = FIRST_WAIT;
  private long usedAt;
  private long rangAt;

  private record Line(Session session, PGConnection connection) {}

  Doorbell(PostgresConnector connector, Readiness readiness, ProcessClock clock) {
    this.connector = connector;
    this.readiness = readiness;
    this.clock = clock;
    this.rangAt = clock.nanoTime() - QUIET.toNanos();
  }

  void start() {
    readiness.tellOthers(this::ring);
    rounds.start();
  }

  /** Has the others told. Any thread; returns at once. */
  private void ring() {
    wanted.set(true);
  }

  private void round() {
    boolean ringing = false;
    try {
      Line open = line();
      if (isAnybodyElse(open.connection.getNotifications(LISTEN_MILLIS), open)) {
        readiness.heard();
      }
      ringing = clock.nanoTime() - rangAt >= QUIET.toNanos() && wanted.getAndSet(false);
      if (ringing) {
        rangAt = clock.nanoTime();
        execute(open, RING);
      } else if (clock.nanoTime() - usedAt >= LOOK_AFTER_LINE.toNanos()) {
        execute(open, LIVES);
      }
    } catch (SQLException e) {
      wanted.compareAndSet(false, ringing);
      hangUp();
      log.atDebug().setCause(e).log("The other replicas cannot be told or heard for now.");
      LockSupport.parkNanos(this, wait.toNanos());
      wait = wait.multipliedBy(2);
      wait = wait.compareTo(LONGEST_WAIT) < 0 ? wait : LONGEST_WAIT;
    }
  }

  private Line line() throws SQLException {
    Line open = line;
    if (open == null) {
      Connection connection = connector.openForSigns();
      Session session = new Session(connection, Dialect.POSTGRES, new Owner());
      open = new Line(session, connection.unwrap(PGConnection.class));
      line = open;
      execute(open, LISTEN);
      wait = FIRST_WAIT;
      // Whatever was said before went by unheard.
      readiness.heard();
    }
    return open;
  }

  private void execute(Line open, String sql) throws SQLException {
    open.session.prepare(sql).execute();
    usedAt = clock.nanoTime();
  }

  private static boolean isAnybodyElse(PGNotification[] heard, Line open) {
    for (PGNotification notification : heard) {
      if (notification.getPID() != open.connection.getBackendPID()) {
        return true;
      }
    }
    return false;
  }

  private void hangUp() {
    Line open = line;
    line = null;
    if (open != null) {
      try {
        open.session.close();
      } catch (SQLException e) {
        log.atDebug().setCause(e).log("The connection of the bell did not close.");
      }
    }
  }

  @Override
  public void close() {
    rounds.close();
    hangUp();
  }
}
