package dev.sluice.store.jdbc;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Runs each read in a transaction of its own that sees one snapshot and changes nothing. */
final class PostgresReader implements StoreReader {

  private static final String ONE_SNAPSHOT =
      """
      SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
      """;

  private final PostgresPool pool;

  PostgresReader(PostgresPool pool) {
    this.pool = pool;
  }

  @Override
  public <T extends @Nullable Object> T read(Session.Work<T> work) {
    try (Session session = pool.session()) {
      T result;
      try {
        session.update(ONE_SNAPSHOT);
        result = work.run(session);
      } finally {
        session.connection().rollback();
      }
      return result;
    } catch (SQLException e) {
      throw PostgresFailures.asStoreException(e);
    }
  }
}
