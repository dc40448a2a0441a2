package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process among the replicas: it beats twice a second, on a connection of its own, for as long
 * as it may be relied on. Its leases are surely its own until some seconds before a peer may take
 * it for dead; a process that was taken for dead all the same goes on as another replica, and what
 * it held is void.
 */
final class Membership implements Leases, AutoCloseable {

  static final Duration BEAT = Duration.ofMillis(500);

  /** Begins no later than the beat was sent; {@link Peers#SILENCE} no earlier than it was seen. */
  static final Duration HELD = Duration.ofSeconds(9);

  private static final Logger log = LoggerFactory.getLogger(Membership.class);

  /** Held while a replica takes its slot; any number that nobody else uses in this database. */
  private static final String ONE_AT_A_TIME =
      """
      SELECT pg_advisory_xact_lock(7306086814)
      """;

  private static final String BEAT_ONCE =
      """
      UPDATE replica SET beat = beat + 1 WHERE id = ? AND state = 0 RETURNING beat
      """;

  private final PostgresConnector connector;
  private final PostgresPool pool;
  private final Owner owner;
  private final ProcessClock clock;
  private final Pulse pulse;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final Rounds rounds = new Rounds("sluice-beat", BEAT, this::beat);

  /** Process nanos before the last beat that counted was sent. */
  private volatile long beatAt;

  /** Where beats go; of the one who beats, like what follows. */
  private @Nullable Session line;

  private boolean heard = true;

  Membership(PostgresConnector connector, PostgresPool pool, Owner owner, ProcessClock clock) {
    this.connector = connector;
    this.pool = pool;
    this.owner = owner;
    this.clock = clock;
    this.pulse = pool.pulse();
    this.beatAt = clock.nanoTime() - HELD.toNanos();
  }

  /** Makes this process a new replica. */
  void join() throws SQLException {
    long sentAt = clock.nanoTime();
    become();
    beatAt = sentAt;
  }

  private void become() throws SQLException {
    try (PostgresUnit unit = pool.begin()) {
      Session session = unit.session();
      session.list(ONE_AT_A_TIME, _ -> Boolean.TRUE);
      Owner.Identity identity = Replicas.register(session, clock.instant().toEpochMilli());
      TransactionOrigin.follow(session);
      session.connection().commit();
      owner.become(identity);
    }
  }

  /** Begins to beat. */
  void start() {
    rounds.start();
  }

  /** Beats once, and becomes another replica when this one was retired. One thread at a time. */
  void beat() {
    long sentAt = clock.nanoTime();
    try {
      boolean lives = line().number(BEAT_ONCE, owner.id()).isPresent();
      pulse.heard(sentAt);
      if (lives) {
        beatAt = sentAt;
        hearAgain();
      } else {
        rejoin();
      }
    } catch (SQLException e) {
      pulse.failed();
      hangUp();
      if (heard) {
        heard = false;
        log.atWarn()
            .addKeyValue("replica", owner.id())
            .addKeyValue("sendsFor", HELD)
            .setCause(e)
            .log("The database does not take this replica's beat; without one nothing is sent.");
      }
    }
  }

  private void hearAgain() {
    if (!heard) {
      heard = true;
      pool.renew();
      log.atInfo()
          .addKeyValue("replica", owner.id())
          .log("The database takes this replica's beat again.");
    }
  }

  private Session line() throws SQLException {
    Session open = line;
    if (open == null) {
      Connection connection = connector.openForSigns();
      open = new Session(connection, Dialect.POSTGRES, owner);
      line = open;
    }
    return open;
  }

  private void hangUp() {
    Session open = line;
    line = null;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        log.atDebug().setCause(e).log("The connection of the beats did not close.");
      }
    }
  }

  private void rejoin() throws SQLException {
    long retired = owner.id();
    heard = true;
    pool.renew();
    long sentAt = clock.nanoTime();
    beatAt = sentAt - HELD.toNanos();
    become();
    log.atWarn()
        .addKeyValue("retired", retired)
        .addKeyValue("replica", owner.id())
        .addKeyValue("slot", owner.slot())
        .log(
            "Peers took this replica for dead after a pause or a cut connection. It goes on as a new one; what it held belongs to others.");
    // Whoever holds leases lets go of them before any may begin something again.
    listeners.forEach(Membership::runSafely);
    beatAt = sentAt;
  }

  private static void runSafely(Runnable listener) {
    try {
      listener.run();
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("A listener of the store failed.");
    }
  }

  /** Gives process nanos before the last beat that came through was sent. */
  long beatAt() {
    return beatAt;
  }

  @Override
  public boolean haveRivals() {
    return true;
  }

  @Override
  public boolean areHeld(long nanoTime) {
    return nanoTime - beatAt < HELD.toNanos();
  }

  @Override
  public boolean areOf(long id) {
    return owner.id() == id;
  }

  @Override
  public void onLost(Runnable listener) {
    listeners.add(listener);
  }

  /** Says that this replica is gone, so that its peers need not wait for it. */
  @Override
  public void close() {
    rounds.close();
    hangUp();
    beatAt = clock.nanoTime() - HELD.toNanos();
    try (PostgresUnit unit = pool.begin(Patience.SHORT, pool.untilOfNow())) {
      Replicas.leave(unit.session());
      unit.session().connection().commit();
    } catch (SQLException e) {
      log.atWarn()
          .addKeyValue("replica", owner.id())
          .setCause(e)
          .log("The database was not told that this replica ends; its peers will notice.");
    }
  }
}
