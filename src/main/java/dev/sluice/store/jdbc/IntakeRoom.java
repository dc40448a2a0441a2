package dev.sluice.store.jdbc;

import dev.sluice.store.StoreException;
import java.sql.SQLException;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * Where the size of the file is bounded: submissions are refused while a tenth is left, which is
 * for the outcomes of what was accepted. Pages that were freed count as room.
 */
final class IntakeRoom {

  private final @Nullable DataSize maxSize;

  IntakeRoom(@Nullable DataSize maxSize) {
    this.maxSize = maxSize;
  }

  /** Sets the bound of the writing connection. */
  static void bound(Session session, @Nullable DataSize maxSize) throws SQLException {
    if (maxSize != null) {
      long pages = maxSize.toBytes() / pragma(session, "PRAGMA page_size");
      pragma(session, "PRAGMA max_page_count = " + pages);
    }
  }

  /**
   * Passes while there is room.
   *
   * @throws StoreException {@code FULL} otherwise
   */
  void require(Session session) throws SQLException {
    if (maxSize == null || session.dialect() != Dialect.SQLITE) {
      return;
    }
    long used = pragma(session, "PRAGMA page_count") - pragma(session, "PRAGMA freelist_count");
    long usedBytes = used * pragma(session, "PRAGMA page_size");
    if (usedBytes > maxSize.toBytes() / 10 * 9) {
      throw new StoreException(
          StoreException.Kind.FULL,
          "The store holds " + usedBytes + " bytes of sluice.store.max-size " + maxSize);
    }
  }

  private static long pragma(Session session, String text) throws SQLException {
    OptionalLong value = session.number(text);
    return value.orElseThrow();
  }
}
