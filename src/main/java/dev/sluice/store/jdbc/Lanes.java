package dev.sluice.store.jdbc;

import dev.sluice.model.ProcessClock;
import dev.sluice.store.ControlBoard.Snapshot;
import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.LaneSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the lanes of this process last published. One process needs no row for that: a snapshot
 * lives one second and dies with the lanes it tells of. Any thread.
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

  void publish(Snapshot snapshot) {
    Map<Long, LaneSnapshot> lanes = new HashMap<>();
    snapshot.lanes().forEach(lane -> lanes.put(lane.destinationId(), lane));
    Map<Long, List<FlowSnapshot>> flows = new HashMap<>();
    Map<Long, Integer> inFlight = new HashMap<>();
    for (FlowSnapshot flow : snapshot.flows()) {
      flows.computeIfAbsent(flow.batchId(), _ -> new ArrayList<>()).add(flow);
      inFlight.merge(flow.batchId(), flow.inFlight(), Integer::sum);
    }
    index = new Index(snapshot.at(), lanes, flows, inFlight);
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
