package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchRef;
import dev.sluice.store.Housekeeping;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The bounded steps that follow control calls and the passage of time. */
final class JdbcHousekeeping implements Housekeeping {

  private static final Sql DUE_SHARDS =
      new Sql(
          """
          SELECT id, batch_id, destination_id FROM shard INDEXED BY shard_waiting
          WHERE state = 1 AND not_before <= ? ORDER BY not_before LIMIT ?
          """,
          """
          SELECT id, batch_id, destination_id FROM shard
          WHERE state = 1 AND not_before <= ? ORDER BY not_before LIMIT ? FOR UPDATE SKIP LOCKED
          """);

  private static final String PROMOTE =
      """
      UPDATE shard SET state = 0, not_before = NULL WHERE id = ? AND state = 1
      """;

  private static final String UNPARK =
      """
      UPDATE destination SET parked_until = NULL, park_reason = NULL WHERE parked_until <= ?
      """;

  private static final String UNPAUSE =
      """
      UPDATE destination SET paused_since = NULL, paused_until = NULL, pause_reason = NULL
      WHERE paused_until <= ?
      """;

  private static final Sql NEXT_DUE =
      new Sql(
          """
          SELECT min(due) FROM (
            SELECT min(not_before) AS due FROM shard INDEXED BY shard_waiting WHERE state = 1
            UNION ALL SELECT min(not_before) FROM batch INDEXED BY batch_scheduled WHERE state = 1
            UNION ALL SELECT min(deadline) FROM batch INDEXED BY batch_deadline
              WHERE deadline IS NOT NULL AND sealed_at IS NOT NULL AND finished_at IS NULL AND closed_as IS NULL
            UNION ALL SELECT min(parked_until) FROM destination WHERE parked_until IS NOT NULL
            UNION ALL SELECT min(paused_until) FROM destination WHERE paused_until IS NOT NULL)
          """,
          """
          SELECT min(due) FROM (
            SELECT min(not_before) AS due FROM shard WHERE state = 1
            UNION ALL SELECT min(not_before) FROM batch WHERE state = 1
            UNION ALL SELECT min(deadline) FROM batch
              WHERE deadline IS NOT NULL AND sealed_at IS NOT NULL AND finished_at IS NULL AND closed_as IS NULL
            UNION ALL SELECT min(parked_until) FROM destination WHERE parked_until IS NOT NULL
            UNION ALL SELECT min(paused_until) FROM destination WHERE paused_until IS NOT NULL) AS dues
          """);

  private static final Sql OVERDUE =
      new Sql(
          """
          SELECT id, deadline FROM batch INDEXED BY batch_deadline
          WHERE deadline <= ? AND sealed_at IS NOT NULL AND finished_at IS NULL AND closed_as IS NULL
            AND state IN (1, 2, 3, 4)
          ORDER BY deadline LIMIT ?
          """,
          """
          SELECT id, deadline FROM batch
          WHERE deadline <= ? AND sealed_at IS NOT NULL AND finished_at IS NULL AND closed_as IS NULL
            AND state IN (1, 2, 3, 4)
          ORDER BY deadline LIMIT ?
          """);

  private static final Sql IDLE_OPEN =
      new Sql(
          """
          SELECT id FROM batch INDEXED BY batch_unsealed
          WHERE sealed_at IS NULL AND finished_at IS NULL AND one_shot = 0 AND state = 0
            AND appended_at + open_timeout <= ?
          LIMIT ?
          """,
          """
          SELECT id FROM batch
          WHERE sealed_at IS NULL AND finished_at IS NULL AND one_shot = 0 AND state = 0
            AND appended_at + open_timeout <= ?
          LIMIT ?
          """);

  private static final String EXPIRE_OPEN =
      """
      UPDATE batch SET state = 8, finished_at = ?, closed_as = 2, closed_at = ?, closing = 1
      WHERE id = ? AND state = 0
      """;

  private final StoreWriter writer;
  private final StoreReader readers;
  private final ProcessClock clock;
  private final Uploads uploads;
  private final Flows flows;
  private final Readiness readiness;
  private final Transitions transitions;
  private final SeenTime time;

  JdbcHousekeeping(StoreParts parts) {
    this.writer = parts.writer();
    this.readers = parts.readers();
    this.clock = parts.clock();
    this.uploads = parts.uploads();
    this.flows = parts.flows();
    this.readiness = parts.readiness();
    this.transitions = parts.transitions();
    this.time = new SeenTime(parts);
  }

  private long now() {
    return clock.instant().toEpochMilli();
  }

  @Override
  public int followBatchStates(int limit) {
    return inTurn(
        Turn.FOLLOW_BATCHES,
        session -> startScheduled(session, now(), limit) + flows.follow(session, limit));
  }

  /** Runs a step unless another replica is at it: then nothing is left to move. */
  private int inTurn(Turn turn, Session.Work<Integer> step) {
    return writer.write(session -> turn.tryTake(session) ? step.run(session) : 0);
  }

  private int startScheduled(Session session, long now, int limit) throws SQLException {
    return time.holds() ? flows.startScheduled(session, now, limit) : 0;
  }

  private record Due(long shardId, long batchId, long destinationId) {}

  @Override
  public int promoteDue(int limit) {
    return inTurn(Turn.PROMOTE, session -> promoteDue(session, now(), limit));
  }

  private int promoteDue(Session session, long now, int limit) throws SQLException {
    List<Due> due =
        session.list(
            DUE_SHARDS, row -> new Due(row.getLong(1), row.getLong(2), row.getLong(3)), now, limit);
    ReadyShards ready = new ReadyShards();
    for (Due shard : due) {
      session.update(PROMOTE, shard.shardId);
      ready.add(shard.batchId, shard.destinationId);
    }
    ready.tell(session, flows);
    int woken = session.update(UNPARK, now) + session.update(UNPAUSE, now);
    int started = startScheduled(session, now, limit);
    if (started > 0) {
      flows.follow(session, Flows.AT_ONCE);
    }
    if (woken > 0) {
      readiness.changed(session);
    }
    return due.size() + woken + started;
  }

  @Override
  public @Nullable Instant nextDue() {
    OptionalLong due = readers.read(session -> session.number(NEXT_DUE));
    return due.isPresent() ? Instant.ofEpochMilli(due.getAsLong()) : null;
  }

  private record Overdue(long batchId, long deadline) {}

  @Override
  public int expireBatches(int limit) {
    if (!time.holds()) {
      return 0;
    }
    return inTurn(
        Turn.EXPIRE,
        session -> {
          long now = now();
          List<Overdue> overdue =
              session.list(OVERDUE, row -> new Overdue(row.getLong(1), row.getLong(2)), now, limit);
          for (Overdue batch : overdue) {
            transitions.expire(session, batch.batchId, batch.deadline, now);
          }
          return overdue.size();
        });
  }

  @Override
  public ClosedShards closeShards(int limit) {
    return writer.write(
        session ->
            Turn.CLOSE.tryTake(session)
                ? ShardClosing.close(session, clock.instant(), limit)
                : new ClosedShards(0, Map.of()));
  }

  @Override
  public List<BatchRef> finish(Collection<Long> batchIds) {
    if (batchIds.isEmpty()) {
      return List.of();
    }
    return writer.write(
        session -> {
          List<BatchRef> finished = new ArrayList<>();
          for (Long batchId : batchIds) {
            BatchRef batch = Finishing.finish(session, batchId, now());
            if (batch != null) {
              finished.add(batch);
            }
          }
          return finished;
        });
  }

  @Override
  public List<Long> unfinishedButDrained(int limit) {
    return readers.read(session -> Finishing.drained(session, limit));
  }

  @Override
  public int deleteDeadUploads(Instant idleSince, int limit) {
    return inTurn(
        Turn.UPLOADS,
        session -> {
          uploads.buryIdle(session, idleSince.toEpochMilli(), limit);
          return uploads.removeDead(session, idleSince.toEpochMilli(), limit);
        });
  }

  @Override
  public int expireOpenBatches(int limit) {
    if (!time.holds()) {
      return 0;
    }
    return inTurn(
        Turn.OPEN_BATCHES,
        session -> {
          long now = now();
          int expired = 0;
          for (Long id : session.list(IDLE_OPEN, row -> row.getLong(1), now, limit)) {
            if (!uploads.isRunning(session, id, now)) {
              uploads.buryAll(session, id);
              expired += session.update(EXPIRE_OPEN, now, now, id);
            }
          }
          return expired;
        });
  }

  private interface Drop {
    int run(Session session, long finishedBefore, int limit) throws SQLException;
  }

  private int drop(Turn turn, Drop step, Instant finishedBefore, int limit) {
    if (!time.holds()) {
      return 0;
    }
    return inTurn(turn, session -> step.run(session, finishedBefore.toEpochMilli(), limit));
  }

  @Override
  public int dropPayloads(Instant finishedBefore, int limit) {
    return drop(Turn.PAYLOADS, Retention::dropPayloads, finishedBefore, limit);
  }

  @Override
  public int dropRows(Instant finishedBefore, int limit) {
    return drop(Turn.ROWS, Retention::dropRows, finishedBefore, limit);
  }

  @Override
  public int dropBatches(Instant finishedBefore, int limit) {
    return drop(Turn.BATCHES, Retention::dropBatches, finishedBefore, limit);
  }

  @Override
  public void postponeSuspects() {
    writer.write(
        session -> {
          if (Turn.SUSPECTS.tryTake(session)) {
            Suspects.postpone(session, now() + Suspects.WAIT_MILLIS);
          }
          return Boolean.TRUE;
        });
  }

  @Override
  public void noteTime() {
    time.note();
  }
}
