package dev.sluice.dispatch;

import dev.sluice.model.DispatchObserver;
import dev.sluice.model.ProcessClock;
import dev.sluice.store.BatchRef;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.ControlBoard.BatchControl;
import dev.sluice.store.ControlBoard.Parking;
import dev.sluice.store.ControlBoard.Snapshot;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.FlowSnapshot;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.Housekeeping.ClosedShards;
import dev.sluice.store.LaneSnapshot;
import dev.sluice.store.ShardQueue.BatchTerms;
import dev.sluice.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows from control calls and from time, in bounded steps: desired state reaches lanes,
 * blocked lanes park, snapshots go out, cancelled shards close, due ones come back, old ones go.
 * One thread calls.
 */
final class Housekeeper {

  private static final Logger log = LoggerFactory.getLogger(Housekeeper.class);
  private static final int STEP = 500;
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long ROUNDED_MILLIS = 100;
  private static final Duration DEAD_UPLOAD = Duration.ofSeconds(60);

  private final Housekeeping housekeeping;
  private final ControlBoard control;
  private final Lanes lanes;
  private final Runnable sampleLoad;
  private final DispatchProperties properties;
  private final ProcessClock clock;
  private final DispatchObserver observer;
  private final boolean alone;
  private final Map<Long, Instant> parked = new HashMap<>();
  private long snapshotAt;
  private long slowAt;
  private boolean published;

  /**
   * @param sampleLoad looks at what this process has to bear; called about once a second
   * @param alone whether no other process has lanes
   */
  Housekeeper(
      Housekeeping housekeeping,
      ControlBoard control,
      Lanes lanes,
      Runnable sampleLoad,
      DispatchProperties properties,
      ProcessClock clock,
      DispatchObserver observer,
      boolean alone) {
    this.housekeeping = housekeeping;
    this.control = control;
    this.lanes = lanes;
    this.sampleLoad = sampleLoad;
    this.properties = properties;
    this.clock = clock;
    this.observer = observer;
    this.alone = alone;
    this.snapshotAt = clock.nanoTime();
    this.slowAt = clock.nanoTime() - TimeUnit.HOURS.toNanos(1);
  }

  /** Before anything is claimed. */
  void begin() {
    housekeeping.postponeSuspects();
  }

  /** One round; called some times a second. */
  void tick() {
    drain(() -> housekeeping.expireBatches(STEP));
    followBatches();
    followDestinations();
    parkBlockedLanes();
    drain(() -> housekeeping.followBatchStates(STEP));
    drain(() -> housekeeping.promoteDue(STEP));
    drain(this::closeShards);
    finish(housekeeping.unfinishedButDrained(STEP));
    long now = clock.nanoTime();
    if (now - snapshotAt >= SECOND) {
      publish(now - snapshotAt);
      snapshotAt = now;
    }
    if (now - slowAt >= 10 * SECOND) {
      slowAt = now;
      tidy(now);
    }
  }

  /** Completes batches of which a shard was just finished. */
  void finish(Collection<Long> batchIds) {
    if (batchIds.isEmpty()) {
      return;
    }
    for (BatchRef batch : housekeeping.finish(batchIds)) {
      log.atDebug().addKeyValue("batch", batch.publicId()).log("Batch finished.");
    }
  }

  private void followBatches() {
    Map<Long, Followed> gates = new HashMap<>();
    lanes.gates().forEach(gate -> gates.put(gate.batchId(), new Followed(gate, gate.halts())));
    if (gates.isEmpty()) {
      return;
    }
    List<BatchControl> controls = control.batchControls(gates.keySet());
    Set<Long> changed = followOptions(controls);
    for (BatchControl batch : controls) {
      Followed followed = gates.remove(batch.batchId());
      if (followed != null) {
        follow(followed, batch, changed.contains(batch.batchId()));
      }
    }
    // A batch that is gone sends nothing more.
    gates.forEach((id, gone) -> follow(gone, new BatchControl(id, false, false, 0), false));
  }

  /** Only options that changed are read; gives the batches that go by others now. */
  private Set<Long> followOptions(List<BatchControl> controls) {
    Set<Long> changed = new HashSet<>();
    for (BatchControl batch : controls) {
      BatchGate gate = lanes.gate(batch.batchId());
      if (gate != null && gate.revision() < batch.revision()) {
        changed.add(batch.batchId());
      }
    }
    if (!changed.isEmpty()) {
      for (BatchTerms terms : control.batchTerms(changed)) {
        BatchGate gate = lanes.gate(terms.batch().id());
        if (gate != null) {
          gate.follow(terms);
        }
      }
    }
    return changed;
  }

  /** A gate, and how often it had been halted before the store was asked about it. */
  private record Followed(BatchGate gate, int halts) {}

  private void follow(Followed followed, BatchControl control, boolean optionsChanged) {
    BatchGate gate = followed.gate;
    boolean sendable = control.sendable();
    // A shard claimed just before a pause may arrive after it: what must not be sent is looked for
    // every time.
    boolean changed = gate.follow(control, followed.halts) || optionsChanged;
    if (!changed && sendable) {
      return;
    }
    for (Lane lane : lanes.all()) {
      if (lane.batchIds().contains(gate.batchId())) {
        if (sendable) {
          lane.reconsider();
        } else {
          lane.release(gate.batchId());
        }
      }
    }
  }

  private void followDestinations() {
    List<Long> ids = lanes.all().stream().map(Lane::destinationId).toList();
    for (int from = 0; from < ids.size(); from += STEP) {
      List<Long> page = ids.subList(from, Math.min(ids.size(), from + STEP));
      for (DestinationRecord record : control.destinationControls(page)) {
        Lane lane = lanes.lane(record.id());
        if (lane != null) {
          lane.follow(record);
          if (lane.isPaused()) {
            lane.release(null);
          }
        }
      }
    }
  }

  /**
   * A lane blocked for long gives its shards back, and the store claims nothing for it meanwhile.
   * Other replicas want to know of shorter waits too.
   */
  private void parkBlockedLanes() {
    long now = clock.nanoTime();
    List<Parking> parkings = new ArrayList<>();
    for (Lane lane : lanes.all()) {
      long wait = lane.blockedUntil() - now;
      boolean isLong = wait > properties.parkAfter().toNanos();
      if (isLong || (!alone && wait > SECOND)) {
        Instant until = rounded(clock.instant().plusNanos(wait));
        if (!until.equals(parked.put(lane.destinationId(), until))) {
          parkings.add(new Parking(lane.destinationId(), until, lane.blockReason()));
        }
      } else if (wait <= 0) {
        Instant until = parked.remove(lane.destinationId());
        if (until != null) {
          parkings.add(Parking.over(lane.destinationId(), until));
        }
      }
      if (isLong) {
        lane.release(null);
      }
    }
    if (!parkings.isEmpty()) {
      try {
        control.park(parkings);
      } catch (StoreException e) {
        // Not written: the next round tries again.
        parkings.forEach(parking -> parked.remove(parking.destinationId()));
        throw e;
      }
    }
  }

  /** So that the same wait is the same time at every look. */
  private Instant rounded(Instant time) {
    return alone
        ? time.truncatedTo(ChronoUnit.SECONDS)
        : time.truncatedTo(ChronoUnit.MILLIS)
            .minusMillis(Math.floorMod(time.toEpochMilli(), ROUNDED_MILLIS));
  }

  private void publish(long nanos) {
    sampleLoad.run();
    List<LaneSnapshot> laneSnapshots = new ArrayList<>();
    List<FlowSnapshot> flows = new ArrayList<>();
    for (Lane lane : lanes.all()) {
      lane.roll(nanos);
      laneSnapshots.add(lane.snapshot());
      flows.addAll(lane.flowSnapshots(nanos));
    }
    if (published || !laneSnapshots.isEmpty()) {
      control.publish(new Snapshot(clock.instant(), laneSnapshots, flows));
      published = !laneSnapshots.isEmpty();
    }
  }

  private void tidy(long now) {
    lanes.tidy(now - properties.laneIdle().toNanos());
    Instant time = clock.instant();
    housekeeping.noteTime();
    drain(() -> housekeeping.deleteDeadUploads(time.minus(DEAD_UPLOAD), STEP));
    drain(() -> housekeeping.expireOpenBatches(STEP));
    DispatchProperties.Retention retention = properties.retention();
    // One step of each a round: deletes never hold the store for long.
    housekeeping.dropPayloads(time.minus(retention.payloads()), STEP);
    housekeeping.dropRows(time.minus(retention.rows()), STEP);
    housekeeping.dropBatches(time.minus(retention.batches()), STEP);
  }

  private int closeShards() {
    ClosedShards closed = housekeeping.closeShards(STEP);
    closed.outcomes().forEach(observer::outcomesCommitted);
    return closed.shardCount();
  }

  private interface Step {
    int run();
  }

  private static void drain(Step step) {
    // Bounded, so that no kind of work starves the others of their round.
    int rounds = 100;
    while (rounds > 0 && step.run() > 0) {
      rounds--;
    }
  }
}
