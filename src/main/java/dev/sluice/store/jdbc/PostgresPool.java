package dev.sluice.store.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.sluice.model.ProcessClock;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Connections to the PostgreSQL that replicas share; each is used for one transaction. Callers of
 * the API have most of them, and never all: what is sent must be written down.
 */
final class PostgresPool implements AutoCloseable {

  /**
   * How long one waits for a connection, a look whether it still lives included: a caller has time
   * left for its statements then, or for saying that there is none.
   */
  private static final Duration CONNECT = Duration.ofSeconds(1);

  /** So many times as long does what nobody waits for, such as a start. */
  private static final int LONG_TIMES = 5;

  private final PostgresSource connections;
  private final HikariDataSource source;
  private final Owner owner;
  private final Pulse pulse;
  private final UnitWatch watch;
  private final ProcessClock clock;
  private final Duration answerWithin;

  /** Connections that callers may have at once; in the order in which they came. */
  private final Semaphore callers;

  PostgresPool(
      PostgresConnector connector, StoreProperties properties, Owner owner, ProcessClock clock) {
    this.owner = owner;
    this.clock = clock;
    this.answerWithin = properties.answerWithin();
    this.pulse = new Pulse(clock, answerWithin);
    this.watch = new UnitWatch(pulse, clock);
    this.callers = new Semaphore(Math.max(1, properties.connections() * 3 / 5), true);
    this.connections = new PostgresSource(connector::openForUnits);
    HikariConfig config = new HikariConfig();
    config.setPoolName("sluice-store");
    config.setDataSource(connections);
    config.setAutoCommit(false);
    config.setMaximumPoolSize(properties.connections());
    config.setMinimumIdle(Math.min(2, properties.connections()));
    config.setConnectionTimeout(CONNECT.toMillis());
    config.setValidationTimeout(CONNECT.toMillis() / 2);
    // Whoever starts the process has waited for the database.
    config.setInitializationFailTimeout(-1);
    this.source = new HikariDataSource(config);
  }

  /** Gives what tells it whether the database is heard. */
  Pulse pulse() {
    return pulse;
  }

  /** Begins to cut off what waits too long. */
  void start() {
    pulse.begin();
    watch.start();
  }

  /** Takes a connection for what nobody waits for. */
  PostgresUnit begin() throws SQLException {
    return begin(Patience.LONG, clock.nanoTime());
  }

  /** Gives process nanos at which a short unit that is asked for now is over. */
  long untilOfNow() {
    return clock.nanoTime() + answerWithin.toNanos();
  }

  /** Tells whether a caller can still be answered in time when a unit begins anew. */
  boolean isTimeToBeginAgain(Patience patience, long until) {
    return !patience.isOfACaller() || until - clock.nanoTime() > CONNECT.toNanos();
  }

  /** Gives how long a short unit waits for a lock. */
  Duration longestLock() {
    return answerWithin.multipliedBy(2).dividedBy(3);
  }

  /**
   * Takes a connection for one transaction, throughout which this process is one replica.
   *
   * @param until process nanos at which a short one is over
   */
  PostgresUnit begin(Patience patience, long until) throws SQLException {
    boolean begun = false;
    if (patience.isOfACaller()) {
      admit();
    }
    try {
      Session session = new Session(connection(patience), Dialect.POSTGRES, owner.now());
      PostgresUnit unit = new PostgresUnit(session, patience, clock.nanoTime(), until, this::ended);
      watch.add(unit);
      begun = true;
      return unit;
    } finally {
      if (!begun) {
        leave(patience);
      }
    }
  }

  private void ended(PostgresUnit unit) {
    watch.remove(unit);
    leave(unit.patience());
  }

  private void leave(Patience patience) {
    if (patience.isOfACaller()) {
      callers.release();
    }
  }

  /** Nobody is made to wait for a database that does not answer. */
  private void admit() throws SQLException {
    if (!pulse.isHeard(clock.nanoTime())) {
      throw new SQLTransientConnectionException(
          "it does not answer since more than " + answerWithin, "08006", connections.failure());
    }
    try {
      // The other half is for a connection and its statements.
      if (!callers.tryAcquire(answerWithin.toNanos() / 2, TimeUnit.NANOSECONDS)) {
        throw new SQLTransientConnectionException(
            "other calls have all its connections (sluice.store.connections)", "08001");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLTransientConnectionException("interrupted", "08001", e);
    }
  }

  private Connection connection(Patience patience) throws SQLException {
    int times = patience.isOfACaller() ? 1 : LONG_TIMES;
    while (true) {
      try {
        return source.getConnection();
      } catch (SQLTransientConnectionException e) {
        times--;
        if (times == 0 || source.isClosed()) {
          throw explained(e);
        }
      }
    }
  }

  private SQLException explained(SQLTransientConnectionException e) {
    SQLException failure = connections.failure();
    return failure == null
        ? e
        : new SQLTransientConnectionException(
            "it takes no connection: " + failure.getMessage(), failure.getSQLState(), failure);
  }

  /**
   * Uses no connection again that there is now: it may lead to a server that takes no writes any
   * more, or is gone.
   */
  void renew() {
    if (!source.isClosed()) {
      source.getHikariPoolMXBean().softEvictConnections();
    }
  }

  @Override
  public void close() {
    watch.close();
    connections.close();
    source.close();
  }
}
