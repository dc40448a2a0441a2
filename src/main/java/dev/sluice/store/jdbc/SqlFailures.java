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
    if (isFullIndex(e)) {
      return full(e);
    }
    return switch (primaryCode(e)) {
      case SQLITE_FULL -> full(e);
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
    return !isFullIndex(e)
        && switch (primaryCode(e)) {
          case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB -> true;
          default -> false;
        };
  }

  private static StoreException full(SQLException e) {
    return new StoreException(StoreException.Kind.FULL, "The store is full: " + e.getMessage(), e);
  }

  /**
   * The index of the log, which is in memory but for its name, could not grow. It does so before a
   * commit counts, and a full disk is why: SQLite tells it from others for no other file.
   */
  private static boolean isFullIndex(SQLException e) {
    return e instanceof SQLiteException sqlite
        && sqlite.getResultCode() == SQLiteErrorCode.SQLITE_IOERR_SHMSIZE;
  }

  private static SQLiteErrorCode primaryCode(SQLException e) {
    if (e instanceof SQLiteException sqlite) {
      return SQLiteErrorCode.getErrorCode(sqlite.getResultCode().code & PRIMARY_CODE);
    }
    return SQLiteErrorCode.getErrorCode(e.getErrorCode() & PRIMARY_CODE);
  }
}
