package dev.sluice.store.jdbc;

import dev.sluice.store.StoreException;
import java.sql.SQLException;

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
  private static final String DISK_FULL = "53100";
  private static final String DATA_CORRUPTED = "XX001";
  private static final String INDEX_CORRUPTED = "XX002";

  private PostgresFailures() {}

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
