package dev.sluice.store.jdbc;

import dev.sluice.store.StoreException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;

/**
 * Tells what a caller can do about an error of PostgreSQL, by its SQLSTATE.
 *
 * <p>PostgreSQL manual, appendix A.
 */
final class PostgresFailures {

  private static final String SERIALIZATION_FAILURE = "40001";
  private static final String DEADLOCK_DETECTED = "40P01";
  private static final String UNIQUE_VIOLATION = "23505";
  private static final String LOCK_NOT_AVAILABLE = "55P03";
  private static final String CONNECTION = "08";
  private static final String OPERATOR_INTERVENTION = "57P";
  private static final String READ_ONLY = "25006";
  private static final String NO_SUCH_DATABASE = "3D000";
  private static final String TOO_MANY_CONNECTIONS = "53300";
  private static final String DISK_FULL = "53100";
  private static final String DATA_CORRUPTED = "XX001";
  private static final String INDEX_CORRUPTED = "XX002";

  private PostgresFailures() {}

  /** Tells whether a connection was refused for a reason that may pass while a database starts. */
  static boolean isNotThereYet(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    return state.startsWith(CONNECTION)
        || state.startsWith(OPERATOR_INTERVENTION)
        || state.equals(NO_SUCH_DATABASE)
        || state.equals(TOO_MANY_CONNECTIONS);
  }

  /**
   * Tells whether the connection ended, or the server says that it will: none of the statements
   * that were sent before COMMIT took effect.
   */
  static boolean isLostConnection(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    return !(e instanceof SQLTransientConnectionException)
        && (state.startsWith(CONNECTION) || state.startsWith(OPERATOR_INTERVENTION));
  }

  /** Tells whether the server takes no writes any more: another one is the primary now. */
  static boolean isReadOnly(SQLException e) {
    return READ_ONLY.equals(e.getSQLState());
  }

  /** Tells whether another transaction was in the way, and the whole unit may be run again. */
  static boolean isWorthAnotherRun(SQLException e) {
    String state = e.getSQLState();
    return SERIALIZATION_FAILURE.equals(state)
        || DEADLOCK_DETECTED.equals(state)
        || UNIQUE_VIOLATION.equals(state)
        || LOCK_NOT_AVAILABLE.equals(state);
  }

  /** Gives the exception of the store for an SQL error. */
  static StoreException asStoreException(SQLException e) {
    String state = e.getSQLState();
    StoreException.Kind kind =
        DISK_FULL.equals(state)
            ? StoreException.Kind.FULL
            : DATA_CORRUPTED.equals(state) || INDEX_CORRUPTED.equals(state)
                ? StoreException.Kind.CORRUPT
                : StoreException.Kind.UNAVAILABLE;
    return new StoreException(
        kind,
        switch (kind) {
          case FULL -> "The database is full: " + e.getMessage();
          case CORRUPT -> "The database is damaged: " + e.getMessage();
          case UNAVAILABLE -> "The database failed: " + e.getMessage();
        },
        e);
  }
}
