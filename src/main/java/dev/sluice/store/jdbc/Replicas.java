package dev.sluice.store.jdbc;

import java.sql.SQLException;

/** The processes that share a store; an embedded one has one at a time. */
final class Replicas {

  private static final String RETIRE_ALL =
      """
      UPDATE replica SET state = 1 WHERE state = 0
      """;

  private static final Sql FREE_SLOT =
      new Sql(
          """
          SELECT 0
          """,
          """
          SELECT min(s.slot) FROM generate_series(0, 1000) AS s(slot)
          WHERE NOT EXISTS (SELECT 1 FROM replica r WHERE r.slot = s.slot AND r.state = 0)
          """);

  private static final String REGISTER =
      """
      INSERT INTO replica (slot, name, state, started_at) VALUES (?, ?, 0, ?) RETURNING id
      """;

  private static final String FORGET =
      """
      DELETE FROM replica WHERE state = 1 AND id < ? - 100
      """;

  private Replicas() {}

  /** Says that all earlier processes are gone, which the lock of the directory proves. */
  static void retireAll(Session session) throws SQLException {
    session.update(RETIRE_ALL);
  }

  /** Makes the session's owner a new replica. One at a time. */
  static void register(Session session, long now) throws SQLException {
    int slot = (int) session.number(FREE_SLOT).orElseThrow();
    long id = session.number(REGISTER, slot, DirectoryLock.hostName(), now).orElseThrow();
    session.update(FORGET, id);
    session.owner().become(id, slot);
  }
}
