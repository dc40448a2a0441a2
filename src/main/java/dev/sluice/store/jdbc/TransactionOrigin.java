package dev.sluice.store.jdbc;

import java.sql.SQLException;

/**
 * Keeps result positions growing on a shared database. They are numbers of transactions, and a
 * database that was restored from a dump counts those anew: without more, results stored there
 * would come before, or hide, those that it was restored with.
 */
final class TransactionOrigin {

  /** More transactions than there are between two notes. */
  private static final long UNNOTED = 1L << 24;

  private static final String LOCK =
      """
      SELECT 1 FROM transaction_origin FOR UPDATE
      """;

  /** Whatever was noted by a transaction that is seen here lies below the end of the snapshot. */
  private static final String FOLLOW =
      """
      WITH present AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS number)
      UPDATE transaction_origin o SET added = o.seen - present.number + ?
      FROM present WHERE present.number + o.added < o.seen
      """;

  private static final String NOTE =
      """
      UPDATE transaction_origin SET seen = pg_current_xact_id()::text::bigint + added
      """;

  private TransactionOrigin() {}

  /** Looks whether the database counts anew; before the first outcome is stored. */
  static void follow(Session session) throws SQLException {
    session.list(LOCK, _ -> Boolean.TRUE);
    session.update(FOLLOW, UNNOTED);
    note(session);
  }

  /** Writes down how far it has counted; every few seconds, in a transaction of its own. */
  static void note(Session session) throws SQLException {
    session.update(NOTE);
  }
}
