package dev.sluice.dispatch;

import dev.sluice.attempt.Attempter;
import dev.sluice.model.Rate;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.LimitKey.Kind;
import dev.sluice.store.ShardQueue.BatchTerms;
import dev.sluice.store.ShardQueue.ClaimedShard;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The lanes of this process and the gates of the batches in them. Adding and dropping exclude each
 * other, so work never lands in a lane or behind a gate that was just dropped. Any thread.
 */
final class Lanes {

  private final Map<Long, Lane> lanes = new ConcurrentHashMap<>();

  /** Last good limits of destinations whose lanes were dropped, the oldest first. */
  private final SequencedMap<Long, Integer> remembered = new LinkedHashMap<>();

  private final Map<Long, BatchGate> gates = new ConcurrentHashMap<>();

  /** Of tenants with a gate; changed under the monitor. */
  private final Map<String, RatePacer> tenants = new ConcurrentHashMap<>();

  private final LaneContext context;
  private final Attempter attempter;
  private final ControlBoard control;
  private final CircuitBreakerRegistry breakers;
  private final RandomGenerator random;

  Lanes(LaneContext context, Attempter attempter, ControlBoard control, RandomGenerator random) {
    this.context = context;
    this.attempter = attempter;
    this.control = control;
    this.breakers = context.breakers();
    this.random = random;
  }

  /** Gives the lane of a destination, or null when there is none. */
  @Nullable Lane lane(long destinationId) {
    return lanes.get(destinationId);
  }

  /** Gives the lanes of the destinations, opening those that fit under the bound. */
  synchronized void open(Collection<Long> destinationIds) {
    List<Long> missing = destinationIds.stream().filter(id -> !lanes.containsKey(id)).toList();
    int most = context.properties().maxLanes();
    if (lanes.size() + missing.size() > most) {
      dropUpTo(lanes.size() + missing.size() - most);
      missing = missing.stream().limit(Math.max(0, most - lanes.size())).toList();
    }
    if (missing.isEmpty()) {
      return;
    }
    for (DestinationRecord record : control.destinationControls(missing)) {
      lanes.put(record.id(), lane(record));
    }
  }

  private Lane lane(DestinationRecord record) {
    return new Lane(
        record, context, attempter, new LaneLimits(context, remembered.remove(record.id())));
  }

  /** Makes room for destinations that have work, of those that have had none for longest. */
  private void dropUpTo(int count) {
    long now = context.clock().nanoTime();
    record Idle(Lane lane, long nanos) {}
    lanes.values().stream()
        .filter(Lane::isDroppable)
        .map(lane -> new Idle(lane, lane.idleNanos(now)))
        .sorted(Comparator.comparingLong(Idle::nanos).reversed())
        .limit(count)
        .forEach(idle -> drop(idle.lane()));
  }

  private void drop(Lane lane) {
    lanes.remove(lane.destinationId());
    lane.tidy();
    remembered.put(lane.destinationId(), lane.lastGoodLimit());
    if (remembered.size() > context.properties().maxLanes()) {
      remembered.remove(remembered.sequencedKeySet().getFirst());
    }
    breakers.remove(lane.destination().key());
    attempter.forget(lane.destination());
  }

  /** Hands claimed work to its lane, behind the gate of its batch. */
  synchronized void add(ClaimedShard shard) {
    long destinationId = shard.lease().destinationId();
    if (!lanes.containsKey(destinationId)) {
      // Dropped as idle after the claim was asked for.
      control
          .destinationControls(List.of(destinationId))
          .forEach(record -> lanes.put(record.id(), lane(record)));
    }
    Lane lane = lanes.get(destinationId);
    if (lane == null) {
      throw new IllegalStateException(
          "Destination " + destinationId + " of a claimed shard is unknown, indicates a bug");
    }
    BatchTerms terms = shard.terms();
    BatchGate gate =
        gates.computeIfAbsent(
            terms.batch().id(),
            id ->
                new BatchGate(
                        terms,
                        random,
                        context.clock(),
                        tenantPacer(terms.tenant()),
                        BatchShares.of(context.shares(), id))
                    .traced(
                        context
                            .observer()
                            .tracer()
                            .dispatchBegan(terms.batch().publicId(), terms.tenant())));
    lane.add(shard, gate);
  }

  private @Nullable RatePacer tenantPacer(String tenant) {
    DispatchProperties.DefaultRate rate = context.properties().tenantRate();
    return rate == null
        ? null
        : tenants.computeIfAbsent(tenant, name -> tenantPacer(name, rate.toRate()));
  }

  private RatePacer tenantPacer(String tenant, Rate rate) {
    RateShare share = context.shares().rate(Kind.TENANT_RATE, tenant);
    if (share != null) {
      share.follow(rate);
    }
    return new RatePacer(tenant, rate, share);
  }

  Collection<Lane> all() {
    return lanes.values();
  }

  /** Gives the gate of a batch, or null when nothing of it is in memory. */
  @Nullable BatchGate gate(long batchId) {
    return gates.get(batchId);
  }

  /** Tells of every limit that all replicas keep together, with what goes on under it here. */
  void sharedLimits(BiConsumer<SharedLimit, SharedLimit.Load> limit) {
    for (Lane lane : lanes.values()) {
      lane.sharedLimits(limit);
    }
    for (BatchGate gate : gates.values()) {
      new BatchLoad(gate, lanes.values()).sharedLimits(limit);
    }
    tenants.forEach(
        (tenant, pacer) -> {
          RateShare share = pacer.share();
          if (share != null) {
            limit.accept(share, new TenantLoad(tenant, gates.values(), lanes.values()));
          }
        });
  }

  Collection<BatchGate> gates() {
    return gates.values();
  }

  private boolean isLeft(BatchGate gate) {
    boolean left =
        lanes.values().stream().noneMatch(lane -> lane.batchIds().contains(gate.batchId()));
    if (left) {
      gate.left();
    }
    return left;
  }

  /**
   * Drops what has had no work since {@code nanos}: idle lanes with their breakers, gates of
   * batches in no lane.
   */
  synchronized void tidy(long nanos) {
    for (Lane lane : List.copyOf(lanes.values())) {
      lane.tidy();
      if (lane.isIdleSince(nanos)) {
        drop(lane);
      }
    }
    gates.values().removeIf(this::isLeft);
    tenants
        .keySet()
        .removeIf(
            tenant ->
                gates.values().stream().noneMatch(gate -> gate.terms().tenant().equals(tenant)));
  }
}
