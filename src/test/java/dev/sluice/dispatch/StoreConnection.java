package dev.sluice.dispatch;

import dev.sluice.model.Destination;
import dev.sluice.model.StateReason;
import dev.sluice.store.BatchRef;
import dev.sluice.store.BatchSettings;
import dev.sluice.store.ControlBoard;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.Housekeeping;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The simulated store as one process sees it: under its owner id, with the faults between the two.
 * While a call waits the other threads of the process go on, and it may find itself crashed.
 */
final class StoreConnection implements ShardQueue, ControlBoard, Housekeeping {

  private final SimulatedStore store;
  private final SimulatedTime time;
  private final StoreFaults faults;
  private final SimulatedTime.Life life;
  private final long owner;

  /** Tells whether the caller holds a lock that others would wait for. */
  private final BooleanSupplier holdsLock;

  /** Leases of claims whose reply was lost: an adapter owes their return. */
  private final List<GivenBack> owed = new ArrayList<>();

  private long claimCount;
  private final Set<Long> unsendable = new HashSet<>();
  private final Set<Long> toldUnsendable = new HashSet<>();
  private final Set<Long> toldPaused = new HashSet<>();
  private final Set<Long> lost = new HashSet<>();
  private final Set<Long> pausedDestinations = new HashSet<>();

  StoreConnection(
      SimulatedStore store,
      SimulatedTime time,
      StoreFaults faults,
      SimulatedTime.Life life,
      BooleanSupplier holdsLock) {
    this.store = store;
    this.time = time;
    this.faults = faults;
    this.life = life;
    this.holdsLock = holdsLock;
    this.owner = store.join();
  }

  /** Gives how many shards were handed out. */
  long claimCount() {
    return claimCount;
  }

  boolean isOwed(Lease lease) {
    return owed.stream().anyMatch(shard -> shard.lease().equals(lease));
  }

  long owner() {
    return owner;
  }

  private <T> T call(Supplier<T> transaction) {
    // What was told by the last call has been followed: nothing runs in between.
    unsendable.addAll(toldUnsendable);
    toldUnsendable.clear();
    pausedDestinations.addAll(toldPaused);
    toldPaused.clear();
    pass();
    faults.beforeCommit(time.nanoTime());
    T result = transaction.get();
    pass();
    faults.afterCommit();
    return result;
  }

  private void pass() {
    if (!holdsLock.getAsBoolean()) {
      long wait = faults.waitNanos();
      if (wait >= 0) {
        time.pass(wait);
      }
    }
    if (life.isOver()) {
      throw new SimulatedTime.Crashed();
    }
  }

  // Shards

  @Override
  public List<ReadyDestination> ready(long afterId, int limit) {
    return call(
        () -> {
          store.giveBack(owner, owed);
          owed.clear();
          return store.ready(afterId, limit);
        });
  }

  @Override
  public List<ClaimedShard> claim(List<ClaimRequest> requests) {
    List<ClaimedShard> claimed = new ArrayList<>();
    try {
      Set<Long> sendable = new HashSet<>();
      List<ClaimedShard> given =
          call(
              () -> {
                claimed.addAll(store.claim(owner, requests));
                claimed.stream()
                    .map(shard -> shard.lease().batchId())
                    .filter(id -> store.batches.get(id).isSendable())
                    .forEach(sendable::add);
                claimed.forEach(shard -> lost.remove(shard.lease().shardId()));
                claimCount += claimed.size();
                return claimed;
              });
      // A shard claimed just before a pause may arrive after it; the next look finds it.
      unsendable.removeAll(sendable);
      toldUnsendable.removeAll(sendable);
      return given;
    } catch (RuntimeException e) {
      claimed.forEach(shard -> owed.add(new GivenBack(shard.lease(), null)));
      throw e;
    }
  }

  @Override
  public SettleReport settle(List<Settlement> settlements) {
    SettleReport report = call(() -> store.settle(owner, settlements));
    report.fenced().forEach(lease -> lost.add(lease.shardId()));
    return report;
  }

  @Override
  public List<Lease> intend(List<Intent> intents) {
    return call(() -> store.intend(owner, intents));
  }

  @Override
  public void giveBack(List<GivenBack> shards) {
    var _ =
        call(
            () -> {
              store.giveBack(owner, shards);
              return true;
            });
  }

  @Override
  public void onReady(Runnable listener) {
    throw new UnsupportedOperationException("The simulated feeder looks by itself");
  }

  @Override
  public boolean holdsLeases(long nanoTime) {
    return true;
  }

  @Override
  public void onLeasesLost(Runnable listener) {
    // It has no peers.
  }

  // What dispatch follows

  @Override
  public List<BatchControl> batchControls(Collection<Long> batchIds) {
    Set<Long> stopped = new HashSet<>();
    List<BatchControl> controls =
        call(
            () -> {
              stopped.clear();
              return store.batches.values().stream()
                  .filter(batch -> batchIds.contains(batch.id))
                  .map(batch -> control(batch, stopped))
                  .toList();
            });
    unsendable.removeAll(batchIds);
    toldUnsendable.addAll(stopped);
    return controls;
  }

  private BatchControl control(StoredBatch batch, Set<Long> stopped) {
    if (!batch.isSendable()) {
      stopped.add(batch.id);
    }
    return new BatchControl(batch.id, store.saysSendable(batch), false, 0);
  }

  @Override
  public List<BatchTerms> batchTerms(Collection<Long> batchIds) {
    return call(
        () ->
            store.batches.values().stream()
                .filter(batch -> batchIds.contains(batch.id))
                .map(batch -> batch.terms)
                .toList());
  }

  @Override
  public List<DestinationRecord> destinationControls(Collection<Long> destinationIds) {
    List<DestinationRecord> records =
        call(
            () ->
                destinationIds.stream()
                    .map(store.destinations::get)
                    .filter(Objects::nonNull)
                    .toList());
    pausedDestinations.removeAll(destinationIds);
    records.stream()
        .filter(destination -> destination.paused() != null)
        .forEach(destination -> toldPaused.add(destination.id()));
    return records;
  }

  /** Tells whether this process was told that another has a shard. */
  boolean hasLost(long shardId) {
    return lost.contains(shardId);
  }

  /** Tells whether this process was told, when it last asked, that a batch may not be sent. */
  boolean wasStopped(long batchId) {
    return unsendable.contains(batchId);
  }

  /** Tells whether this process was told, when it last asked, that a destination is paused. */
  boolean wasPaused(long destinationId) {
    return pausedDestinations.contains(destinationId);
  }

  @Override
  public void park(List<Parking> parkings) {
    var _ =
        call(
            () -> {
              for (Parking parking : parkings) {
                store.destinations.computeIfPresent(
                    parking.destinationId(),
                    (_, now) ->
                        new DestinationRecord(
                            now.id(),
                            now.destination(),
                            now.settings(),
                            now.paused(),
                            parking.reason() == null ? null : parking.until(),
                            parking.reason(),
                            null));
              }
              return true;
            });
  }

  @Override
  public void publish(Snapshot snapshot) {
    // Nobody looks.
  }

  // Housekeeping

  @Override
  public int followBatchStates(int limit) {
    return 0;
  }

  @Override
  public int promoteDue(int limit) {
    return call(store::promoteDue);
  }

  @Override
  public int expireBatches(int limit) {
    return call(store::expireBatches);
  }

  @Override
  public ClosedShards closeShards(int limit) {
    return call(() -> store.closeShards(limit));
  }

  @Override
  public List<BatchRef> finish(Collection<Long> batchIds) {
    return call(() -> store.finish(batchIds));
  }

  @Override
  public List<Long> unfinishedButDrained(int limit) {
    return call(store::unfinishedButDrained);
  }

  @Override
  public @Nullable Instant nextDue() {
    return null;
  }

  @Override
  public int deleteDeadUploads(Instant idleSince, int limit) {
    return 0;
  }

  @Override
  public int expireOpenBatches(int limit) {
    return 0;
  }

  @Override
  public int dropPayloads(Instant finishedBefore, int limit) {
    return 0;
  }

  @Override
  public int dropRows(Instant finishedBefore, int limit) {
    return 0;
  }

  @Override
  public int dropBatches(Instant finishedBefore, int limit) {
    return 0;
  }

  // What dispatch never asks for

  @Override
  public Controlled pause(long batchId, StateReason reason) {
    throw operatorsOnly();
  }

  @Override
  public Controlled resume(long batchId, StateReason reason) {
    throw operatorsOnly();
  }

  @Override
  public Controlled cancel(long batchId, StateReason reason) {
    throw operatorsOnly();
  }

  @Override
  public Controlled change(long batchId, UnaryOperator<BatchSettings> change) {
    throw operatorsOnly();
  }

  @Override
  public DestinationRecord update(
      Destination destination, UnaryOperator<DestinationSettings> change) {
    throw operatorsOnly();
  }

  @Override
  public DestinationRecord pauseDestination(
      Destination destination, @Nullable Instant until, StateReason reason) {
    throw operatorsOnly();
  }

  @Override
  public DestinationRecord resumeDestination(Destination destination) {
    throw operatorsOnly();
  }

  private static UnsupportedOperationException operatorsOnly() {
    return new UnsupportedOperationException("Dispatch controls nothing");
  }

  @Override
  public void postponeSuspects() {
    // A simulated process dispatches as soon as it has taken over.
  }

  @Override
  public void noteTime() {
    // Simulated clocks are never wrong.
  }
}
