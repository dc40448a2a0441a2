package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptRequest;
import dev.sluice.model.Attempt;
import dev.sluice.model.OutcomeState;
import dev.sluice.model.Verdict;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.Lease;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What a process must keep to whenever it sends, checked at the moment it does. */
final class ProcessLaws {

  /** The store keeps milliseconds. */
  private static final Duration STORED = Duration.ofMillis(1);

  private final SimulatedWorld world;
  private final StoreConnection store;
  private final DispatchProperties properties;

  /** Attempts of this process that may not be stored yet, the last of each item. */
  private final Map<String, Attempt> last = new HashMap<>();

  private final Map<Long, Integer> inFlightByBatch = new HashMap<>();
  private final Map<Long, Integer> inFlightByDestination = new HashMap<>();
  private final Map<Long, Long> heldUntil = new HashMap<>();

  /** What is in flight of shards that run alone. */
  private final Set<String> alone = new HashSet<>();

  /** What is in flight that a process ended with before. */
  private final Set<String> suspects = new HashSet<>();

  private int inFlight;
  private boolean superseded;

  ProcessLaws(SimulatedWorld world, StoreConnection store, DispatchProperties properties) {
    this.world = world;
    this.store = store;
    this.properties = properties;
  }

  /** From now on others may do with its items what they like. */
  void superseded() {
    superseded = true;
  }

  Duration timeout(AttemptRequest request) {
    return world.item(request.idempotencyKey()).shard().batch.options().timeout();
  }

  void tried(Lease lease, Attempt attempt) {
    last.put("bat_" + lease.batchId() + '-' + attempt.index(), attempt);
  }

  /** An attempt begins. */
  void started(AttemptRequest request, long now) {
    String key = request.idempotencyKey();
    SimulatedWorld.SentItem item = world.item(key);
    StoredShard shard = item.shard();
    world.trace(
        () -> "process " + store.owner() + " sends " + key + " try " + request.attemptNumber());
    Integer ofBatch = inFlightByBatch.merge(shard.batch.id, 1, Integer::sum);
    Integer most = shard.batch.options().concurrency();
    world.require(most == null || ofBatch <= most, "too many in flight of a batch: " + ofBatch);
    int ofLane = inFlightByDestination.merge(shard.destinationId, 1, Integer::sum);
    world.require(ofLane <= properties.ceiling(), "too many in flight to one: " + ofLane);
    inFlight++;
    world.require(inFlight <= properties.globalConcurrency(), "too many in flight: " + inFlight);
    long held = heldUntil.getOrDefault(shard.destinationId, now);
    world.require(held - now <= 0, key + " is sent to a destination that asked for patience");
    mayBeSent(shard, key);
    isIntended(item, key, request.attemptNumber());
    if (!superseded) {
      isAlone(item, key, request.attemptNumber());
      isDue(item, key, request.attemptNumber());
    }
  }

  private void mayBeSent(StoredShard shard, String key) {
    world.require(!store.hasLost(shard.id), key + " is sent under a lease known as lost");
    boolean stopped = store.wasStopped(shard.batch.id) && !shard.batch.isSendable();
    world.require(!stopped, key + " is sent after its process learned that it must not be");
    boolean paused =
        store.wasPaused(shard.destinationId)
            && world.store().destinations.get(shard.destinationId).paused() != null;
    world.require(!paused, key + " is sent to a destination known as paused");
    Instant deadline = shard.batch.options().deadline();
    world.require(
        deadline == null || world.time().instant().isBefore(deadline),
        key + " is sent after its deadline");
  }

  /** One who was taken over may send what it had said before: that is in doubt then. */
  private void isIntended(SimulatedWorld.SentItem item, String key, int number) {
    if (item.shard().batch.atMostOnce()) {
      world.require(
          superseded
              ? item.shard().outcome(item.index()) == OutcomeState.IN_DOUBT
              : item.shard().isIntended(item.index(), number),
          key + " must not be sent twice and is sent without intent");
    }
  }

  /** Only what runs alone can be blamed when the process ends. */
  private void isAlone(SimulatedWorld.SentItem item, String key, int number) {
    StoredShard shard = item.shard();
    // Once the process has outlived its sending it is one no longer, and others start beside it.
    suspects.removeIf(other -> !isSuspect(world.item(other)));
    world.require(suspects.isEmpty(), key + " is sent beside a suspect");
    if (isSuspect(item)) {
      world.require(inFlight == 1, "suspect " + key + " is sent beside others");
      suspects.add(key);
    }
    if (shard.crashes >= ShardQueue.ISOLATED_FROM) {
      world.require(alone.isEmpty(), key + " is sent beside " + alone + " that should be alone");
      world.require(
          shard.isIntended(item.index(), number), key + " runs alone and is sent without intent");
      alone.add(key);
    }
  }

  private static boolean isSuspect(SimulatedWorld.SentItem item) {
    return item.shard().suspects.containsKey(item.index());
  }

  private void isDue(SimulatedWorld.SentItem item, String key, int number) {
    StoredShard shard = item.shard();
    world.require(
        shard.owner != null && shard.owner == store.owner(), key + " is sent without a lease");
    world.require(shard.outcome(item.index()) == null, key + " is sent though it has ended");
    var stored = shard.attemptsOf(item.index());
    Attempt before = last.get(key);
    if (!stored.isEmpty() && (before == null || before.number() < stored.lastKey())) {
      before = stored.get(stored.lastKey());
    }
    int expected = before == null ? 1 : before.number() + 1;
    world.require(
        number == expected, key + " is sent as try " + number + " instead of " + expected);
    world.require(
        before == null || !before.dueAt().minus(STORED).isAfter(world.time().instant()),
        key + " is sent before its time");
  }

  /** An attempt got its verdict. */
  void ended(AttemptRequest request, Verdict verdict, long now) {
    StoredShard shard = world.item(request.idempotencyKey()).shard();
    world.trace(
        () ->
            "process " + store.owner() + " hears of " + request.idempotencyKey() + ": " + verdict);
    inFlightByBatch.merge(shard.batch.id, -1, Integer::sum);
    inFlightByDestination.merge(shard.destinationId, -1, Integer::sum);
    inFlight--;
    alone.remove(request.idempotencyKey());
    suspects.remove(request.idempotencyKey());
    Duration wait = verdict.retryAfter();
    if (wait != null) {
      heldUntil.merge(shard.destinationId, now + wait.toNanos(), Math::max);
    }
  }
}
