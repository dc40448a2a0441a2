package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.ControlBoard.Snapshot;
import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.LaneSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the lanes of all replicas do, as far as this one has heard. One process needs no row for
 * that: a snapshot lives one second and dies with the lanes it tells of. Any thread.
 */
final class Lanes {

  private static final Duration FRESH = Duration.ofSeconds(5);

  private final ProcessClock clock;
  private volatile Index index = new Index(Instant.EPOCH, Map.of(), Map.of(), Map.of());

  Lanes(ProcessClock clock) {
    this.clock = clock;
  }

  private record Index(
      Instant at,
      Map<Long, LaneSnapshot> lanes,
      Map<Long, List<FlowSnapshot>> flows,
      Map<Long, Integer> inFlight) {}

  /**
   * Shows what this process does, and its peers.
   *
   * @param peers what was last heard of others, none where a process is alone
   */
  void publish(Snapshot own, List<Snapshot> peers) {
    Map<Long, LaneSnapshot> lanes = new HashMap<>();
    Map<FlowKey, FlowSnapshot> flows = new LinkedHashMap<>();
    add(own, lanes, flows);
    peers.forEach(peer -> add(peer, lanes, flows));
    Map<Long, List<FlowSnapshot>> byBatch = new HashMap<>();
    Map<Long, Integer> inFlight = new HashMap<>();
    for (FlowSnapshot flow : flows.values()) {
      byBatch.computeIfAbsent(flow.batchId(), _ -> new ArrayList<>()).add(flow);
      inFlight.merge(flow.batchId(), flow.inFlight(), Integer::sum);
    }
    index = new Index(own.at(), lanes, byBatch, inFlight);
  }

  private record FlowKey(long batchId, long destinationId) {}

  private static void add(
      Snapshot snapshot, Map<Long, LaneSnapshot> lanes, Map<FlowKey, FlowSnapshot> flows) {
    for (LaneSnapshot lane : snapshot.lanes()) {
      lanes.merge(lane.destinationId(), lane, SnapshotMerge::lanes);
    }
    for (FlowSnapshot flow : snapshot.flows()) {
      flows.merge(new FlowKey(flow.batchId(), flow.destinationId()), flow, SnapshotMerge::flows);
    }
  }

  private @Nullable Index fresh() {
    Index current = index;
    return Duration.between(current.at(), clock.instant()).compareTo(FRESH) > 0 ? null : current;
  }

  Instant now() {
    return clock.instant();
  }

  @Nullable LaneSnapshot lane(long destinationId) {
    Index current = fresh();
    return current == null ? null : current.lanes().get(destinationId);
  }

  List<FlowSnapshot> flows(long batchId) {
    Index current = fresh();
    return current == null ? List.of() : current.flows().getOrDefault(batchId, List.of());
  }

  int inFlight(long batchId) {
    Index current = fresh();
    return current == null ? 0 : current.inFlight().getOrDefault(batchId, 0);
  }
}
