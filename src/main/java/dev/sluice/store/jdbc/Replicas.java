package dev.sluice.store.jdbc;

import java.sql.SQLException;
import java.util.OptionalLong;

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

  private static final String RETIRE =
      """
      UPDATE replica SET state = 1 WHERE id = ? AND state = 0 RETURNING slot
      """;

  /** Refused credentials in a row are counted on by who takes over. */
  private static final String INHERIT_RUNS =
      """
      INSERT INTO batch_counter (batch_id, replica_slot, auth_run)
      SELECT batch_id, ?, auth_run FROM batch_counter WHERE replica_slot = ? AND auth_run > 0
      ON CONFLICT (batch_id, replica_slot)
        DO UPDATE SET auth_run = batch_counter.auth_run + excluded.auth_run
      """;

  private static final String END_RUNS =
      """
      UPDATE batch_counter SET auth_run = 0 WHERE replica_slot = ? AND auth_run > 0
      """;

  private Replicas() {}

  /** Says that a replica is gone, unless somebody did. */
  static void retire(Session session, long id) throws SQLException {
    OptionalLong slot = session.number(RETIRE, id);
    if (slot.isPresent()) {
      session.update(INHERIT_RUNS, session.owner().slot(), slot.getAsLong());
      session.update(END_RUNS, slot.getAsLong());
    }
  }

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
