package dev.sluice.store.jdbc;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Makes connections, and does not come back without one: a pool that hears of failures tries more
 * and more rarely, and is late when the database is back.
 */
final class PostgresSource implements DataSource, AutoCloseable {

  private static final Duration TRY_AGAIN = Duration.ofMillis(200);

  private final Opening opening;
  private volatile @Nullable SQLException failure;
  private volatile boolean closed;

  /** One try. */
  @FunctionalInterface
  interface Opening {
    Connection open() throws SQLException;
  }

  PostgresSource(Opening opening) {
    this.opening = opening;
  }

  /** Gives why there is no connection now, or null. */
  @Nullable SQLException failure() {
    return failure;
  }

  /** One thread at a time. */
  @Override
  public Connection getConnection() throws SQLException {
    while (true) {
      try {
        Connection connection = opening.open();
        failure = null;
        return connection;
      } catch (SQLException e) {
        failure = e;
        if (closed || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        LockSupport.parkNanos(this, TRY_AGAIN.toNanos());
      }
    }
  }

  @Override
  public Connection getConnection(String username, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException("The user is the one of the settings");
  }

  @Override
  public @Nullable PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(@Nullable PrintWriter out) {
    // Failures are thrown.
  }

  @Override
  public void setLoginTimeout(int seconds) {
    // The connector has its own.
  }

  @Override
  public int getLoginTimeout() {
    return PostgresConnector.CONNECT_SECONDS;
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException("Logs with SLF4J");
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLFeatureNotSupportedException("Wraps nothing");
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }

  /** Lets who waits for a connection give up. */
  @Override
  public void close() {
    closed = true;
  }
}
