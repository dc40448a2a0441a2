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
 * the same new key) is run again, and so is one whose connection broke before its commit was sent.
 * Whether a commit took effect whose answer was lost nobody knows: whoever asked for it has to
 * recognise his own when he asks again.
 */
final class PostgresWriter implements StoreWriter {

  private static final Logger log = LoggerFactory.getLogger(PostgresWriter.class);
  private static final int MOST_RUNS = 6;
  private static final int MOST_LOST = 1;
  private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final PostgresPool pool;
  private final Patience patience;

  PostgresWriter(PostgresPool pool, Patience patience) {
    this.pool = pool;
    this.patience = patience;
  }

  /** The connection ended after COMMIT was sent and before it was answered. */
  private static final class AnswerLost extends SQLException {
    private static final long serialVersionUID = 1L;

    AnswerLost(SQLException e) {
      super("nobody knows whether the commit took effect: " + e.getMessage(), e.getSQLState(), e);
    }
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
    long until = pool.untilOfNow();
    int runs = 0;
    int lost = 0;
    while (true) {
      try {
        return once(work, statementTimeout, until);
      } catch (SQLException e) {
        runs++;
        boolean isLost = PostgresFailures.isLostConnection(e);
        lost += isLost ? 1 : 0;
        boolean isWorthIt =
            !(e instanceof AnswerLost)
                && runs < MOST_RUNS
                && lost <= MOST_LOST
                && (isLost || PostgresFailures.isWorthAnotherRun(e))
                && pool.isTimeToBeginAgain(patience, until);
        if (PostgresFailures.isReadOnly(e) || (isLost && isWorthIt)) {
          // The others lead to the same server.
          pool.renew();
        }
        if (!isWorthIt) {
          throw PostgresFailures.asStoreException(e);
        }
        log.atDebug().addKeyValue("state", e.getSQLState()).log("A unit of work is run again.");
        LockSupport.parkNanos(WAIT_NANOS * runs + ThreadLocalRandom.current().nextLong(WAIT_NANOS));
      }
    }
  }

  private <T extends @Nullable Object> T once(
      Session.Work<T> work, @Nullable Duration statementTimeout, long until) throws SQLException {
    T result;
    List<Runnable> afterCommit;
    try (PostgresUnit unit = pool.begin(patience, until)) {
      Session session = unit.session();
      try {
        limit(session, statementTimeout);
        result = work.run(session);
        afterCommit = session.takeAfterCommit();
        commit(session);
      } catch (SQLException | RuntimeException | Error e) {
        session.rollbackAfter(e);
        throw e;
      }
    }
    afterCommit.forEach(PostgresWriter::runSafely);
    return result;
  }

  /** Who waits for a lock knows sooner than by being cut off, and keeps the connection. */
  private void limit(Session session, @Nullable Duration statementTimeout) throws SQLException {
    if (statementTimeout == null && patience != Patience.SHORT) {
      return;
    }
    try (Statement statement = session.connection().createStatement()) {
      if (statementTimeout != null) {
        statement.execute("SET LOCAL statement_timeout = " + statementTimeout.toMillis());
      } else {
        statement.execute("SET LOCAL lock_timeout = " + pool.longestLock().toMillis());
      }
    }
  }

  private static void commit(Session session) throws SQLException {
    try {
      session.connection().commit();
    } catch (SQLException e) {
      throw PostgresFailures.isLostConnection(e) ? new AnswerLost(e) : e;
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
