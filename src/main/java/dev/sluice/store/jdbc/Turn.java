package dev.sluice.store.jdbc;

import java.sql.SQLException;

/**
 * Work that replicas need not do side by side: whoever begins its transaction first has the turn
 * until that ends, and the others have nothing to do. A store of one process has every turn.
 */
enum Turn {
  FOLLOW_BATCHES(1),
  PROMOTE(2),
  EXPIRE(3),
  CLOSE(4),
  UPLOADS(5),
  OPEN_BATCHES(6),
  PAYLOADS(7),
  ROWS(8),
  BATCHES(9),
  SUSPECTS(10),
  TAKE_OVER(11);

  /** Any number that nobody else uses in this database. */
  private static final int SLUICE = 730_608_681;

  private static final String TAKE =
      """
      SELECT CASE WHEN pg_try_advisory_xact_lock(?, ?) THEN 1 ELSE 0 END
      """;

  /** The same in every version. */
  private final int number;

  Turn(int number) {
    this.number = number;
  }

  /** Takes the turn for the running transaction, from now to its end, unless another has it. */
  boolean tryTake(Session session) throws SQLException {
    return switch (session.dialect()) {
      case SQLITE -> true;
      case POSTGRES -> session.number(TAKE, SLUICE, number).orElse(0) == 1;
    };
  }
}
