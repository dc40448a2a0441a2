package dev.sluice.store.jdbc;

import java.sql.SQLException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection for one transaction, which may be cut off while its thread waits for the database.
 * Closed by that thread.
 */
final class PostgresUnit implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PostgresUnit.class);

  private final Session session;
  private final Patience patience;
  private final long beganAt;
  private final long until;
  private final Consumer<PostgresUnit> atEnd;

  /** Set once the connection may be another's; under the monitor. */
  private boolean over;

  /**
   * @param until process nanos at which a short one is over
   * @param atEnd called once
   */
  PostgresUnit(
      Session session, Patience patience, long beganAt, long until, Consumer<PostgresUnit> atEnd) {
    this.session = session;
    this.patience = patience;
    this.beganAt = beganAt;
    this.until = until;
    this.atEnd = atEnd;
  }

  Session session() {
    return session;
  }

  Patience patience() {
    return patience;
  }

  /** Process nanos. */
  long beganAt() {
    return beganAt;
  }

  /** Process nanos. */
  long until() {
    return until;
  }

  /** Ends its connection under it: whatever waits there fails at once. Any thread. */
  synchronized void cutOff() throws SQLException {
    if (!over) {
      session.connection().abort(Runnable::run);
    }
  }

  private synchronized void end() {
    over = true;
  }

  /** What it committed stays so when this fails: the pool makes another connection. */
  @Override
  public void close() {
    end();
    try {
      session.close();
    } catch (SQLException e) {
      log.atDebug().setCause(e).log("A connection did not go back.");
    } finally {
      atEnd.accept(this);
    }
  }
}
