package dev.sluice.store.jdbc;

import static java.util.Objects.requireNonNullElse;

import dev.sluice.model.Destination;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.ReadyDestination;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Grants leases by start-time fair queueing: within a destination the flow with the smallest tag,
 * within it the shard with the smallest seq; the tag then grows by items ÷ weight.
 *
 * <p>Goyal, Vin and Cheng, "Start-time Fair Queueing", 1996.
 */
final class Claims {

  /** Walks from one active destination to the next by index, however many flows each has. */
  private static final Sql READY =
      new Sql(
          """
          WITH RECURSIVE active(id) AS (
            SELECT (SELECT min(destination_id) FROM flow WHERE state = 1 AND destination_id > ?)
            UNION ALL
            SELECT (SELECT min(destination_id) FROM flow WHERE state = 1 AND destination_id > active.id)
            FROM active WHERE active.id IS NOT NULL
          )
          SELECT d.id, d.scheme, d.host, d.port
          FROM active CROSS JOIN destination d ON d.id = active.id
          WHERE (d.parked_until IS NULL OR d.parked_until <= ?
              OR (d.park_reason = 'breaker' AND EXISTS (
                SELECT 1 FROM flow f CROSS JOIN batch b ON b.id = f.batch_id
                WHERE f.destination_id = d.id AND f.state = 1 AND b.state IN (2, 3)
                  AND b.options ->> '$.onBreakerOpen' = 'FAIL')))
            AND (d.paused_since IS NULL OR d.paused_until <= ?)
            AND EXISTS (
              SELECT 1 FROM flow f CROSS JOIN batch b ON b.id = f.batch_id
              WHERE f.destination_id = d.id AND f.state = 1 AND b.state IN (2, 3) AND b.closed_as IS NULL
                AND (b.deadline IS NULL OR b.deadline > ?))
          LIMIT ?
          """,
          """
          WITH RECURSIVE active(id) AS (
            SELECT (SELECT min(destination_id) FROM flow WHERE state = 1 AND destination_id > ?)::bigint
            UNION ALL
            SELECT (SELECT min(destination_id) FROM flow WHERE state = 1 AND destination_id > active.id)
            FROM active WHERE active.id IS NOT NULL
          )
          SELECT d.id, d.scheme, d.host, d.port
          FROM active JOIN destination d ON d.id = active.id
          WHERE (d.parked_until IS NULL OR d.parked_until <= ?
              OR (d.park_reason = 'breaker' AND EXISTS (
                SELECT 1 FROM flow f JOIN batch b ON b.id = f.batch_id
                WHERE f.destination_id = d.id AND f.state = 1 AND b.state IN (2, 3)
                  AND b.options::jsonb ->> 'onBreakerOpen' = 'FAIL')))
            AND (d.paused_since IS NULL OR d.paused_until <= ?)
            AND EXISTS (
              SELECT 1 FROM flow f JOIN batch b ON b.id = f.batch_id
              WHERE f.destination_id = d.id AND f.state = 1 AND b.state IN (2, 3) AND b.closed_as IS NULL
                AND (b.deadline IS NULL OR b.deadline > ?))
          LIMIT ?
          """);

  /** Behind an open breaker only batches that fail fast go on. */
  private static final Sql SENDABLE =
      new Sql(
          """
          SELECT scheme, host, port, coalesce(parked_until, 0) > ? FROM destination
          WHERE id = ?
            AND (parked_until IS NULL OR parked_until <= ? OR park_reason = 'breaker')
            AND (paused_since IS NULL OR paused_until <= ?)
          """,
          """
          SELECT scheme, host, port, CASE WHEN coalesce(parked_until, 0) > ? THEN 1 ELSE 0 END FROM destination
          WHERE id = ?
            AND (parked_until IS NULL OR parked_until <= ? OR park_reason = 'breaker')
            AND (paused_since IS NULL OR paused_until <= ?)
          """);

  /** Nothing is sent after a deadline, also while expiry waits for a time that is believed. */
  private static final Sql NEXT_FLOW =
      new Sql(
          """
          SELECT f.batch_id, b.weight, b.state, b.held_from
          FROM flow f CROSS JOIN batch b ON b.id = f.batch_id
          WHERE f.destination_id = ? AND f.state = 1 AND b.state IN (2, 3) AND b.closed_as IS NULL
            AND (b.deadline IS NULL OR b.deadline > ?)
            AND (? = 0 OR b.options ->> '$.onBreakerOpen' = 'FAIL')
          ORDER BY f.tag, f.batch_id LIMIT ?
          """,
          """
          SELECT f.batch_id, b.weight, b.state, b.held_from
          FROM flow f JOIN batch b ON b.id = f.batch_id
          WHERE f.destination_id = ? AND f.state = 1 AND b.state IN (2, 3) AND b.closed_as IS NULL
            AND (b.deadline IS NULL OR b.deadline > ?)
            AND (? = 0 OR b.options::jsonb ->> 'onBreakerOpen' = 'FAIL')
          ORDER BY f.tag, f.batch_id LIMIT ? FOR UPDATE OF f
          """);

  private static final Sql NEXT_SHARD =
      new Sql(
          """
          SELECT id, first_index, item_count, settled_count, byte_count, touched, crashes, lease_token
          FROM shard INDEXED BY shard_ready
          WHERE batch_id = ? AND destination_id = ? AND state = 0 AND first_index < ?
          ORDER BY seq LIMIT 1
          """,
          """
          SELECT id, first_index, item_count, settled_count, byte_count, touched, crashes, lease_token
          FROM shard
          WHERE batch_id = ? AND destination_id = ? AND state = 0 AND first_index < ?
          ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED
          """);

  private static final String LEASE =
      """
      UPDATE shard SET state = 2, lease_owner = ?, lease_token = ?, not_before = NULL
      WHERE id = ? AND state = 0 AND lease_token = ?
      """;

  private static final String CHARGE =
      """
      UPDATE flow
      SET tag = tag + ?, ready_shards = ready_shards - 1, state = CASE WHEN ready_shards > 1 THEN 1 ELSE 0 END
      WHERE batch_id = ? AND destination_id = ?
      """;

  /** Unless there is one that could not be had: a late settle of its last holder may lock it. */
  private static final String NOTHING_READY =
      """
      UPDATE flow SET ready_shards = 0, state = 0
      WHERE batch_id = ? AND destination_id = ?
        AND NOT EXISTS (
          SELECT 1 FROM shard s
          WHERE s.batch_id = flow.batch_id AND s.destination_id = flow.destination_id AND s.state = 0
            AND s.first_index < ?)
      """;

  /** Its ready shards stay counted: the end of the canary, if it is not over, wakes the flow. */
  private static final String ALL_HELD =
      """
      UPDATE flow SET state = 0
      WHERE batch_id = ? AND destination_id = ?
        AND EXISTS (SELECT 1 FROM batch b WHERE b.id = flow.batch_id AND b.held_from IS NOT NULL)
        AND NOT EXISTS (
          SELECT 1 FROM shard s
          WHERE s.batch_id = flow.batch_id AND s.destination_id = flow.destination_id AND s.state = 0
            AND s.first_index < ?)
      """;

  private static final String START =
      """
      UPDATE batch SET state = 3, started_at = coalesce(started_at, ?) WHERE id = ? AND state = 2
      """;

  /** A granted lease with what is needed to load the shard. */
  record Granted(
      Lease lease,
      Destination destination,
      long firstIndex,
      int itemCount,
      int crashes,
      boolean touched) {}

  private record Sendable(Destination destination, boolean breakerOpen) {}

  /**
   * @param sendBelow items from this index on wait for the canary
   */
  private record Flow(long batchId, int weight, int state, long sendBelow) {

    boolean isHeld() {
      return sendBelow != Long.MAX_VALUE;
    }
  }

  private record Shard(
      long id,
      long firstIndex,
      int itemCount,
      int settledCount,
      long byteCount,
      boolean touched,
      int crashes,
      long token) {

    int left() {
      return itemCount - settledCount;
    }
  }

  static List<ReadyDestination> ready(Session session, long afterId, long now, int limit)
      throws SQLException {
    return session.list(
        READY,
        row -> new ReadyDestination(row.getLong(1), Destinations.destination(row, 2)),
        afterId,
        now,
        now,
        now,
        limit);
  }

  /** Grants what fits the request, at least one shard when there is one. */
  List<Granted> claim(Session session, ClaimRequest request, long now) throws SQLException {
    List<Granted> granted = new ArrayList<>();
    Sendable sendable =
        session.first(
            SENDABLE,
            row -> new Sendable(Destinations.destination(row, 1), row.getInt(4) == 1),
            now,
            request.destinationId(),
            now,
            now);
    if (sendable == null || request.maxItems() < 1) {
      return granted;
    }
    Destination destination = sendable.destination;
    int items = 0;
    long bytes = 0;
    while (items < request.maxItems() && bytes < request.maxBytes()) {
      Flow flow = nextFlow(session, request, sendable.breakerOpen, now);
      if (flow == null) {
        break;
      }
      Shard shard =
          session.first(
              NEXT_SHARD, Claims::shard, flow.batchId, request.destinationId(), flow.sendBelow);
      if (shard == null) {
        String none = flow.isHeld() ? ALL_HELD : NOTHING_READY;
        if (session.update(none, flow.batchId, request.destinationId(), flow.sendBelow) == 0) {
          // It stays active for the next look.
          break;
        }
        continue;
      }
      boolean fits =
          items + shard.left() <= request.maxItems()
              && bytes + shard.byteCount <= request.maxBytes();
      if (!fits && !granted.isEmpty()) {
        break;
      }
      granted.add(grant(session, flow, shard, request.destinationId(), destination, now));
      items += shard.left();
      bytes += shard.byteCount;
    }
    return granted;
  }

  private static @Nullable Flow nextFlow(
      Session session, ClaimRequest request, boolean failFastOnly, long now) throws SQLException {
    List<Flow> flows =
        session.list(
            NEXT_FLOW,
            row ->
                new Flow(
                    row.getLong(1),
                    row.getInt(2),
                    row.getInt(3),
                    requireNonNullElse(Rows.number(row, 4), Long.MAX_VALUE)),
            request.destinationId(),
            now,
            failFastOnly ? 1 : 0,
            request.fullBatches().size() + 1);
    return flows.stream()
        .filter(flow -> !request.fullBatches().contains(flow.batchId))
        .findFirst()
        .orElse(null);
  }

  private static Shard shard(ResultSet row) throws SQLException {
    return new Shard(
        row.getLong(1),
        row.getLong(2),
        row.getInt(3),
        row.getInt(4),
        row.getLong(5),
        row.getInt(6) == 1,
        row.getInt(7),
        row.getLong(8));
  }

  private Granted grant(
      Session session,
      Flow flow,
      Shard shard,
      long destinationId,
      Destination destination,
      long now)
      throws SQLException {
    long token = shard.token + 1;
    if (session.update(LEASE, session.owner().id(), token, shard.id, shard.token) != 1) {
      throw new IllegalStateException("A ready shard could not be leased, indicates a bug");
    }
    session.update(CHARGE, shard.left() / (double) flow.weight, flow.batchId, destinationId);
    if (flow.state == StoredNumbers.QUEUED) {
      session.update(START, now, flow.batchId);
    }
    return new Granted(
        new Lease(shard.id, flow.batchId, destinationId, token),
        destination,
        shard.firstIndex,
        shard.itemCount,
        shard.crashes,
        shard.touched);
  }
}
