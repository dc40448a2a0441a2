package dev.sluice.store.jdbc;

import dev.sluice.model.BatchState;
import dev.sluice.store.BatchReader.FlowState;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.FlowSnapshot;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells what the flows of a batch do: those in lanes as published, the others as stored. */
final class FlowReads {

  private static final String STATE =
      """
      SELECT state FROM batch WHERE id = ?
      """;

  private static final String DESTINATION =
      "SELECT " + Destinations.COLUMNS + " FROM destination WHERE id = ?";

  private static final String QUEUED =
      "SELECT "
          + Destinations.COLUMNS
          + " FROM destination WHERE id IN ("
          + "SELECT destination_id FROM flow WHERE batch_id = ? AND ready_shards > 0)"
          + " ORDER BY id LIMIT ?";

  /** What of a batch waits in the store for its due time. */
  private static final Sql WAITING =
      new Sql(
          """
          SELECT destination_id, min(not_before), sum(item_count - settled_count)
          FROM shard INDEXED BY shard_waiting WHERE state = 1 AND batch_id = ?
          GROUP BY destination_id ORDER BY destination_id LIMIT ?
          """,
          """
          SELECT destination_id, min(not_before), sum(item_count - settled_count)
          FROM shard WHERE state = 1 AND batch_id = ?
          GROUP BY destination_id ORDER BY destination_id LIMIT ?
          """);

  private final Lanes lanes;
  private final Destinations destinations;

  FlowReads(Lanes lanes, Destinations destinations) {
    this.lanes = lanes;
    this.destinations = destinations;
  }

  List<FlowState> of(Session session, long batchId, int limit) throws SQLException {
    List<FlowState> flows = new ArrayList<>();
    Set<Long> published = new HashSet<>();
    for (FlowSnapshot snapshot : lanes.flows(batchId)) {
      DestinationRecord destination =
          flows.size() < limit
              ? session.first(DESTINATION, destinations::read, snapshot.destinationId())
              : null;
      if (destination != null) {
        published.add(destination.id());
        flows.add(new FlowState(snapshot, destination));
      }
    }
    boolean paused =
        session.number(STATE, batchId).orElse(-1) == StoredNumbers.of(BatchState.PAUSED);
    // Flows in lanes may be among them, so as many more are read as there may be of those.
    for (DestinationRecord destination : session.list(QUEUED, destinations::read, batchId, limit)) {
      if (flows.size() < limit && !published.contains(destination.id())) {
        flows.add(new FlowState(stored(batchId, destination, paused), destination));
      }
    }
    if (flows.isEmpty() && !paused) {
      flows.addAll(waiting(session, batchId, limit));
    }
    return flows;
  }

  /** Looked at only when nothing of the batch is in a lane or ready: it reads every such shard. */
  private List<FlowState> waiting(Session session, long batchId, int limit) throws SQLException {
    List<FlowState> flows = new ArrayList<>();
    for (FlowSnapshot snapshot :
        session.list(
            WAITING,
            row ->
                new FlowSnapshot(
                    batchId,
                    row.getLong(1),
                    0,
                    "retry",
                    row.getInt(3),
                    Instant.ofEpochMilli(row.getLong(2)),
                    0),
            batchId,
            limit)) {
      DestinationRecord destination =
          session.first(DESTINATION, destinations::read, snapshot.destinationId());
      if (destination != null) {
        flows.add(new FlowState(snapshot, destination));
      }
    }
    return flows;
  }

  private static FlowSnapshot stored(long batchId, DestinationRecord destination, boolean paused) {
    DestinationRecord.Pause pause = destination.paused();
    String waitingOn = null;
    Instant until = null;
    if (paused) {
      waitingOn = "paused";
    } else if (pause != null) {
      waitingOn = "paused";
      until = pause.until();
    } else if (destination.parkedUntil() != null) {
      waitingOn = reason(destination.parkReason());
      until = destination.parkedUntil();
    }
    return new FlowSnapshot(batchId, destination.id(), 0, waitingOn, 0, until, 0);
  }

  private static String reason(@Nullable String parkReason) {
    return parkReason == null ? "hold" : parkReason;
  }
}
