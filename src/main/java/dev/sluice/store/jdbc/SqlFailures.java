package dev.sluice.store.jdbc;

import dev.sluice.store.StoreException;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** Tells what a caller can do about an SQL error. */
final class SqlFailures {

  private static final int PRIMARY_CODE = 0xff;

  private SqlFailures() {}

  /** Gives the exception of the store for an SQL error. */
  static StoreException asStoreException(SQLException e) {
    SQLiteErrorCode code = primaryCode(e);
    return switch (code) {
      case SQLITE_FULL ->
          new StoreException(
              StoreException.Kind.FULL, "The disk of the store is full: " + e.getMessage(), e);
      case SQLITE_CORRUPT, SQLITE_NOTADB ->
          new StoreException(
              StoreException.Kind.CORRUPT,
              "The store's file is damaged; restore it from a backup: " + e.getMessage(),
              e);
      default ->
          new StoreException(
              StoreException.Kind.UNAVAILABLE, "The store failed: " + e.getMessage(), e);
    };
  }

  /**
   * Tells whether nothing may be written any more: after a failed write or fsync nobody knows what
   * reached the disk, and a second fsync may report success for pages that were dropped.
   */
  static boolean isFatal(SQLException e) {
    return switch (primaryCode(e)) {
      case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB -> true;
      default -> false;
    };
  }

  private static SQLiteErrorCode primaryCode(SQLException e) {
    if (e instanceof SQLiteException sqlite) {
      return SQLiteErrorCode.getErrorCode(sqlite.getResultCode().code & PRIMARY_CODE);
    }
    return SQLiteErrorCode.getErrorCode(e.getErrorCode() & PRIMARY_CODE);
  }
}
