package dev.sluice.store.jdbc;

import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs each unit in a transaction of its own, on the caller's thread; the database puts commits
 * that come together on the disk together. A unit that met another one (deadlock, serialization,
 * the same new key) is run again.
 */
final class PostgresWriter implements StoreWriter {

  private static final Logger log = LoggerFactory.getLogger(PostgresWriter.class);
  private static final int MOST_RUNS = 6;
  private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final PostgresPool pool;

  PostgresWriter(PostgresPool pool) {
    this.pool = pool;
  }

  @Override
  public <T extends @Nullable Object> T write(Session.Work<T> work) {
    return write(work, null);
  }

  /** All units are equally durable here. */
  @Override
  public <T extends @Nullable Object> T writeForgettable(Session.Work<T> work) {
    return write(work, null);
  }

  @Override
  public <T extends @Nullable Object> T write(
      Session.Work<T> work, @Nullable Duration statementTimeout) {
    int runs = 0;
    while (true) {
      try {
        return once(work, statementTimeout, runs > 0);
      } catch (SQLException e) {
        if (++runs >= MOST_RUNS || !PostgresFailures.isWorthAnotherRun(e)) {
          throw PostgresFailures.asStoreException(e);
        }
        log.atDebug().addKeyValue("state", e.getSQLState()).log("A unit of work is run again.");
        LockSupport.parkNanos(WAIT_NANOS * runs + ThreadLocalRandom.current().nextLong(WAIT_NANOS));
      }
    }
  }

  private <T extends @Nullable Object> T once(
      Session.Work<T> work, @Nullable Duration statementTimeout, boolean again)
      throws SQLException {
    T result;
    List<Runnable> afterCommit;
    try (Session session = pool.session()) {
      try {
        if (again) {
          session.runAgain();
        }
        if (statementTimeout != null) {
          limit(session, statementTimeout);
        }
        result = work.run(session);
        afterCommit = session.takeAfterCommit();
        session.connection().commit();
      } catch (SQLException | RuntimeException | Error e) {
        rollback(session, e);
        throw e;
      }
    }
    afterCommit.forEach(PostgresWriter::runSafely);
    return result;
  }

  private static void limit(Session session, Duration timeout) throws SQLException {
    try (Statement statement = session.connection().createStatement()) {
      statement.execute("SET LOCAL statement_timeout = " + timeout.toMillis());
    }
  }

  private static void rollback(Session session, Throwable reason) {
    try {
      session.connection().rollback();
    } catch (SQLException e) {
      reason.addSuppressed(e);
    }
  }

  private static void runSafely(Runnable listener) {
    try {
      listener.run();
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("A listener of the store failed.");
    }
  }
}
