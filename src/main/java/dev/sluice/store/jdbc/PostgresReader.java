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
  private final Patience patience;

  PostgresReader(PostgresPool pool, Patience patience) {
    this.pool = pool;
    this.patience = patience;
  }

  /** A read that lost its connection begins again, once. */
  @Override
  public <T extends @Nullable Object> T read(Session.Work<T> work) {
    long until = pool.untilOfNow();
    try {
      return once(work, until);
    } catch (SQLException e) {
      if (!PostgresFailures.isLostConnection(e) || !pool.isTimeToBeginAgain(patience, until)) {
        throw PostgresFailures.asStoreException(e);
      }
      pool.renew();
    }
    try {
      return once(work, until);
    } catch (SQLException e) {
      throw PostgresFailures.asStoreException(e);
    }
  }

  private <T extends @Nullable Object> T once(Session.Work<T> work, long until)
      throws SQLException {
    try (PostgresUnit unit = pool.begin(patience, until)) {
      Session session = unit.session();
      T result;
      try {
        session.update(ONE_SNAPSHOT);
        result = work.run(session);
      } catch (SQLException | RuntimeException | Error e) {
        session.rollbackAfter(e);
        throw e;
      }
      session.connection().rollback();
      return result;
    }
  }
}
