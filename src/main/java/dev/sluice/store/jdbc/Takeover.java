package dev.sluice.store.jdbc;

import java.sql.SQLException;
import java.time.Instant;

/**
 * What a start does before anything else: a new epoch, and the shards that earlier processes held
 * are ready again, each with one crash more, without the items that those processes may have been
 * sending and that must not be sent again. It costs what was held, not what waits.
 */
final class Takeover {

  private static final String RETIRE =
      """
      UPDATE replica SET state = 1 WHERE state = 0
      """;

  private static final String REGISTER =
      """
      INSERT INTO replica (slot, name, state, started_at) VALUES (?, ?, 0, ?) RETURNING id
      """;

  private static final String FORGET =
      """
      DELETE FROM replica WHERE state = 1 AND id < ? - 100
      """;

  /** Before the leases go: the flows of leased shards have that many more ready shards. */
  private static final String COUNT_IN_FLOWS =
      """
      UPDATE flow SET ready_shards = ready_shards + held.shards
      FROM (
        SELECT batch_id, destination_id, count(*) AS shards FROM shard INDEXED BY shard_leased
        WHERE state = 2 GROUP BY batch_id, destination_id) AS held
      WHERE flow.batch_id = held.batch_id AND flow.destination_id = held.destination_id
      """;

  private static final String FOLLOW_BATCHES =
      """
      UPDATE batch SET flow_sync = 1, flow_cursor = 0
      WHERE id IN (SELECT batch_id FROM shard INDEXED BY shard_leased WHERE state = 2)
      """;

  private static final String RELEASE =
      """
      UPDATE shard INDEXED BY shard_leased SET state = 0, lease_owner = NULL, crashes = crashes + 1
      WHERE state = 2
      """;

  /** How old a process is when it tries a suspect. */
  static final long SUSPECTS_WAIT_MILLIS = 5_000;

  private Takeover() {}

  /**
   * What a start found.
   *
   * @param shardCount shards that earlier processes held
   * @param inDoubtCount items that ended in doubt by this
   * @param poisonCount items that ended by this because they end processes
   */
  record Taken(long epoch, int shardCount, int inDoubtCount, int poisonCount) {}

  /**
   * Takes over.
   *
   * @param uploadTimeoutMillis how long an upload may be silent
   */
  static Taken begin(Session session, long now, long uploadTimeoutMillis) throws SQLException {
    session.update(RETIRE);
    long epoch =
        session.number(REGISTER, Counters.SLOT, DirectoryLock.hostName(), now).orElseThrow();
    session.update(FORGET, epoch);
    session.update(COUNT_IN_FLOWS);
    session.update(FOLLOW_BATCHES);
    int released = session.update(RELEASE);
    Terms terms = new Terms();
    Flows flows = new Flows(new Readiness());
    SafetyGates gates =
        new SafetyGates(
            terms, new Transitions(new Uploads(epoch, uploadTimeoutMillis), flows), flows);
    UnresolvedIntents intents =
        new UnresolvedIntents(session, terms, gates, Instant.ofEpochMilli(now));
    intents.resolve();
    Suspects.postpone(session, now + SUSPECTS_WAIT_MILLIS);
    flows.follow(session, Flows.AT_ONCE);
    session.takeAfterCommit();
    session.connection().commit();
    return new Taken(epoch, released, intents.inDoubtCount(), intents.poisonCount());
  }
}
