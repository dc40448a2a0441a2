package dev.sluice.store.jdbc;

import dev.sluice.store.ShardQueue.Lease;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What follows the end of a process: the shards that it held are ready again, each with one crash
 * more, without the items that it may have been sending and that must not be sent again. It costs
 * what was held, not what waits.
 */
final class Takeover {

  /** Shards that nobody alive holds. */
  private static final Sql RELEASE =
      new Sql(
          """
          UPDATE shard INDEXED BY shard_leased
          SET state = 0, lease_owner = NULL, crashes = crashes + 1
          WHERE state = 2
            AND NOT EXISTS (SELECT 1 FROM replica r WHERE r.id = shard.lease_owner AND r.state = 0)
          RETURNING id, batch_id, destination_id, lease_token
          """,
          """
          UPDATE shard SET state = 0, lease_owner = NULL, crashes = crashes + 1
          WHERE state = 2
            AND NOT EXISTS (SELECT 1 FROM replica r WHERE r.id = shard.lease_owner AND r.state = 0)
          RETURNING id, batch_id, destination_id, lease_token
          """);

  /** The flows of leased shards have that many more ready shards. */
  private static final String COUNT_IN_FLOW =
      """
      UPDATE flow SET ready_shards = ready_shards + ? WHERE batch_id = ? AND destination_id = ?
      """;

  private static final String FOLLOW_BATCH =
      """
      UPDATE batch SET flow_sync = 1, flow_cursor = 0 WHERE id = ?
      """;

  private final Terms terms;
  private final SafetyGates gates;
  private final Flows flows;

  Takeover(Terms terms, SafetyGates gates, Flows flows) {
    this.terms = terms;
    this.gates = gates;
    this.flows = flows;
  }

  /** For a start, when nobody listens yet. */
  static Takeover atStart(StoreProperties properties) {
    Terms terms = new Terms();
    Flows flows = new Flows(new Readiness());
    Uploads uploads = new Uploads(properties.uploadTimeout().toMillis());
    return new Takeover(
        terms, new SafetyGates(terms, new Transitions(uploads, flows), flows), flows);
  }

  /**
   * What was found.
   *
   * @param shardCount shards that ended processes held
   * @param inDoubtCount items that ended in doubt by this
   * @param poisonCount items that ended by this because they end processes
   */
  record Taken(int shardCount, int inDoubtCount, int poisonCount) {}

  private record FlowKey(long batchId, long destinationId) {}

  /** Takes what dead replicas held from them. */
  Taken run(Session session, long now) throws SQLException {
    List<Lease> released = new ArrayList<>(session.list(RELEASE, Takeover::lease));
    Map<FlowKey, Integer> ready = new HashMap<>();
    Set<Long> batches = new TreeSet<>();
    for (Lease shard : released) {
      ready.merge(new FlowKey(shard.batchId(), shard.destinationId()), 1, Integer::sum);
      batches.add(shard.batchId());
    }
    for (Map.Entry<FlowKey, Integer> flow : ready.entrySet()) {
      session.update(
          COUNT_IN_FLOW, flow.getValue(), flow.getKey().batchId, flow.getKey().destinationId);
    }
    for (Long batch : batches) {
      session.update(FOLLOW_BATCH, batch);
    }
    UnresolvedIntents intents =
        new UnresolvedIntents(session, terms, gates, Instant.ofEpochMilli(now));
    intents.resolve(released);
    Suspects.postpone(session, now + Suspects.WAIT_MILLIS);
    var _ = flows.follow(session, Flows.AT_ONCE);
    return new Taken(released.size(), intents.inDoubtCount(), intents.poisonCount());
  }

  private static Lease lease(ResultSet row) throws SQLException {
    return new Lease(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4));
  }
}
