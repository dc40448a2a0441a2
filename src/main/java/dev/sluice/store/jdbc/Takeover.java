package dev.sluice.store.jdbc;

import dev.sluice.model.Delivery;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a start does before anything else: a new epoch, and the shards that earlier processes held
 * are ready again, each with one crash more. Of a batch that must not be sent twice, what they held
 * and had not settled is in doubt instead: a lease is the intent to send. It costs what was held,
 * not what waits.
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

  private static final String LEASED_BATCHES =
      """
      SELECT id, options FROM batch
      WHERE id IN (SELECT batch_id FROM shard INDEXED BY shard_leased WHERE state = 2)
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

  private Takeover() {}

  /**
   * What a start found.
   *
   * @param shardCount shards that earlier processes held
   * @param inDoubtCount items that ended in doubt by this
   */
  record Taken(long epoch, int shardCount, int inDoubtCount) {}

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
    Map<Long, List<ShardClosing.Shard>> doubtful = doubtful(session);
    session.update(COUNT_IN_FLOWS);
    session.update(FOLLOW_BATCHES);
    int released = session.update(RELEASE);
    Flows flows = new Flows(new Readiness());
    SafetyGates gates =
        new SafetyGates(
            new Terms(), new Transitions(new Uploads(epoch, uploadTimeoutMillis), flows), flows);
    int inDoubt = 0;
    for (Map.Entry<Long, List<ShardClosing.Shard>> batch : doubtful.entrySet()) {
      inDoubt +=
          ShardClosing.closeInDoubt(
              session, batch.getKey(), batch.getValue(), Instant.ofEpochMilli(now));
      // These may have been the last of a canary, and no settle follows that would look.
      var _ = gates.judge(session, batch.getKey(), 0, now);
    }
    flows.follow(session, Flows.AT_ONCE);
    session.takeAfterCommit();
    session.connection().commit();
    return new Taken(epoch, released, inDoubt);
  }

  /** Gives the held shards whose items must not be sent twice, by batch. */
  private static Map<Long, List<ShardClosing.Shard>> doubtful(Session session) throws SQLException {
    List<Long> atMostOnce =
        session
            .list(
                LEASED_BATCHES,
                row ->
                    JsonColumns.options(row.getString(2)).delivery() == Delivery.AT_MOST_ONCE
                        ? row.getLong(1)
                        : -1L)
            .stream()
            .filter(id -> id >= 0)
            .toList();
    Map<Long, List<ShardClosing.Shard>> shards = new LinkedHashMap<>();
    for (Long batchId : atMostOnce) {
      shards.put(batchId, ShardClosing.leased(session, batchId));
    }
    return shards;
  }
}
