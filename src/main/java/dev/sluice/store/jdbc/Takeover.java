package dev.sluice.store.jdbc;

import dev.sluice.store.ShardQueue.Lease;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What follows the end of a process: the shards that it held are ready again, each with one crash
 * more, without the items that it may have been sending and that must not be sent again. It costs
 * what was held, not what waits.
 */
final class Takeover {

  /** Whoever died stays dead, so a shard of his is nobody's until somebody takes it over. */
  private static final Sql DEAD_OWNERS =
      new Sql(
          """
          SELECT DISTINCT lease_owner FROM shard INDEXED BY shard_leased
          WHERE state = 2 AND lease_owner >= ?
            AND NOT EXISTS (SELECT 1 FROM replica r WHERE r.id = shard.lease_owner AND r.state = 0)
          """,
          """
          SELECT DISTINCT lease_owner FROM shard
          WHERE state = 2 AND lease_owner >= ?
            AND NOT EXISTS (SELECT 1 FROM replica r WHERE r.id = shard.lease_owner AND r.state = 0)
          """);

  /** What a commit under way still changes is left to the next look. */
  private static final Sql RELEASE =
      new Sql(
          """
          UPDATE shard
          SET state = 0, lease_owner = NULL, crashes = crashes + 1
          WHERE id IN (
            SELECT id FROM shard INDEXED BY shard_leased WHERE state = 2 AND lease_owner = ? LIMIT ?)
          RETURNING id, batch_id, destination_id, lease_token
          """,
          """
          WITH held AS MATERIALIZED (
            SELECT id FROM shard WHERE state = 2 AND lease_owner = ? LIMIT ? FOR UPDATE SKIP LOCKED)
          UPDATE shard s SET state = 0, lease_owner = NULL, crashes = crashes + 1
          FROM held WHERE s.id = held.id
          RETURNING s.id, s.batch_id, s.destination_id, s.lease_token
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

  /**
   * A transaction that waits in the middle of a COPY for a client who is not there ends by no
   * time-out of the server, and keeps its shards locked.
   */
  private static final String END_ABANDONED =
      """
      SELECT count(*) FROM (
        SELECT pg_terminate_backend(a.pid) AS ended
        FROM shard s
          JOIN pg_locks l ON l.locktype = 'transactionid' AND l.transactionid = s.xmax AND l.granted
          JOIN pg_stat_activity a ON a.pid = l.pid AND a.state = 'active' AND a.wait_event = 'ClientRead'
        WHERE s.state = 2 AND s.lease_owner = ?) AS abandoned
      WHERE ended
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
  record Taken(int shardCount, int inDoubtCount, int poisonCount) {

    static final Taken NOTHING = new Taken(0, 0, 0);

    Taken plus(Taken other) {
      return new Taken(
          shardCount + other.shardCount,
          inDoubtCount + other.inDoubtCount,
          poisonCount + other.poisonCount);
    }
  }

  private record FlowKey(long batchId, long destinationId) {}

  /** Takes all that dead replicas held from them, at a start. */
  Taken run(Session session, long now) throws SQLException {
    return follow(session, released(session, Owner.NOBODY, Integer.MAX_VALUE), now, false);
  }

  /**
   * Takes up to {@code limit} shards that dead replicas held from them. One that cannot be read is
   * put aside, as nobody's.
   *
   * @param again whether those that were put aside are looked at again
   */
  Taken step(Session session, long now, int limit, boolean again) throws SQLException {
    long first = again ? Owner.NOBODY : Owner.NOBODY + 1;
    List<Lease> released = released(session, first, limit);
    return released.isEmpty() ? Taken.NOTHING : follow(session, released, now, true);
  }

  /**
   * Ends what dead replicas left behind in a shared database and nobody else would end; a later
   * {@link #step} takes over what it held.
   *
   * @return how many of their shards were locked by it
   */
  static long endAbandoned(Session session) throws SQLException {
    long ended = 0;
    for (Long owner : session.list(DEAD_OWNERS, row -> row.getLong(1), Owner.NOBODY + 1)) {
      ended += session.number(END_ABANDONED, owner).orElse(0);
    }
    return ended;
  }

  private static List<Lease> released(Session session, long firstOwner, int limit)
      throws SQLException {
    List<Lease> released = new ArrayList<>();
    for (Long owner : session.list(DEAD_OWNERS, row -> row.getLong(1), firstOwner)) {
      if (released.size() < limit) {
        released.addAll(session.list(RELEASE, Takeover::lease, owner, limit - released.size()));
      }
    }
    return released;
  }

  private Taken follow(Session session, List<Lease> released, long now, boolean putAside)
      throws SQLException {
    Map<FlowKey, Integer> ready =
        new TreeMap<>(
            Comparator.comparingLong(FlowKey::batchId).thenComparingLong(FlowKey::destinationId));
    Set<Long> batches = new TreeSet<>();
    for (Lease shard : released) {
      ready.merge(new FlowKey(shard.batchId(), shard.destinationId()), 1, Integer::sum);
      batches.add(shard.batchId());
    }
    // Batches before their flows, as a pause locks them.
    for (Long batch : batches) {
      session.update(FOLLOW_BATCH, batch);
    }
    for (Map.Entry<FlowKey, Integer> flow : ready.entrySet()) {
      session.update(
          COUNT_IN_FLOW, flow.getValue(), flow.getKey().batchId, flow.getKey().destinationId);
    }
    UnresolvedIntents intents =
        new UnresolvedIntents(session, terms, gates, Instant.ofEpochMilli(now), putAside);
    intents.resolve(released);
    Suspects.postpone(session, now + Suspects.WAIT_MILLIS);
    var _ = flows.follow(session, Flows.AT_ONCE);
    return new Taken(released.size(), intents.inDoubtCount(), intents.poisonCount());
  }

  private static Lease lease(ResultSet row) throws SQLException {
    return new Lease(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4));
  }
}
