package dev.sluice.dispatch;

import dev.sluice.model.Attempt;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What must be true of a run as a whole: what was accepted, what was seen, what is told of it. */
final class SimulationChecks {

  private final SimulatedWorld world;
  private final SimulatedStore store;
  private final SimulatedNetwork network;
  private final Map<String, SimulatedWorld.SentItem> items;

  /** How items had ended when it was last looked. */
  private final Map<String, OutcomeState> ended = new HashMap<>();

  /** Items of which a process that was cut off may have sent something that it did not tell. */
  private final Set<String> doubtful = new HashSet<>();

  private int allowedDuplicates;
  int crashCount;
  int zombieCount;
  int drainCount;
  int duplicateCount;
  int inDoubtCount;
  int takeoverCount;
  int suspectCount;
  int poisonCount;
  long seenCount;

  SimulationChecks(
      SimulatedWorld world,
      SimulatedStore store,
      SimulatedNetwork network,
      Map<String, SimulatedWorld.SentItem> items) {
    this.world = world;
    this.store = store;
    this.network = network;
    this.items = items;
  }

  int itemCount() {
    return items.size();
  }

  private int onceBound() {
    return world.properties().globalConcurrency() + world.properties().outcomeBuffer();
  }

  private List<StoredShard> held(long owner) {
    return store.shards.values().stream()
        .filter(shard -> shard.owner != null && shard.owner == owner)
        .filter(shard -> shard.state == StoredShard.State.LEASED)
        .toList();
  }

  private void doubt(long owner) {
    for (StoredShard shard : held(owner)) {
      shard.unsettled().forEach(index -> doubtful.add(key(shard, index)));
    }
  }

  private static String key(StoredShard shard, long index) {
    return shard.batch.terms.batch().publicId() + '-' + index;
  }

  void crashed(long owner) {
    crashCount++;
    allowedDuplicates += onceBound();
    doubt(owner);
  }

  /** One who does not know goes on until it is told of each shard. */
  void superseded(long owner) {
    zombieCount++;
    allowedDuplicates += onceBound() * (held(owner).size() + 1);
    doubt(owner);
  }

  void drained(SimulatedProcess process, boolean allStored) {
    drainCount++;
    long owner = process.owner();
    if (allStored) {
      world.require(
          held(owner).stream().allMatch(shard -> process.isUnknown(shard.lease())),
          "a process that drained kept a lease");
    } else {
      allowedDuplicates += onceBound();
      doubt(owner);
    }
  }

  /** Checks what the end of a process put in doubt or blamed for it. */
  void takenOver(SimulatedStore.Taken taken, SimulatedProcess from) {
    takeoverCount += taken.shardCount() > 0 ? 1 : 0;
    suspectCount += taken.suspectCount();
    poisonCount += taken.poisonCount();
    world.require(
        taken.inDoubtCount() <= inDoubtBound(),
        taken.inDoubtCount() + " items in doubt at once, allowed are " + inDoubtBound());
    world.require(
        taken.suspectCount() + taken.poisonCount() <= 1, "more than one item ran alone: " + taken);
    world.require(
        taken.poisonCount() == 0 || from.openCount() <= 1,
        "an item is called poison that was not the only one in flight");
    // Nothing here ends processes but chance: two ends before anything runs alone, then one for
    // each of the trials of an item.
    world.require(
        poisonCount == 0 || 2 + 2 * poisonCount <= takeoverCount,
        "too many items are poison: " + poisonCount);
  }

  /** What is in flight, what ended and is not on disk, and what is intended and did not begin. */
  private int inDoubtBound() {
    long windows =
        store.shards.values().stream()
            .filter(shard -> shard.batch.atMostOnce())
            .map(shard -> List.of(shard.batch.id, shard.destinationId))
            .distinct()
            .count();
    return onceBound() + Math.max(world.properties().globalConcurrency(), (int) windows);
  }

  /** Checks that what had ended still is as it was. */
  void noOutcomeChanged() {
    items.forEach(
        (key, item) -> {
          OutcomeState now = item.shard().outcome(item.index());
          OutcomeState before = ended.get(key);
          world.require(before == null || before == now, key + " was " + before + " and is " + now);
          if (now != null) {
            ended.put(key, now);
          }
        });
  }

  String unfinished() {
    StringBuilder left = new StringBuilder();
    store.shards.values().stream()
        .filter(shard -> shard.state != StoredShard.State.DONE)
        .forEach(
            shard ->
                left.append(
                    "shard %d of batch %d (%s) %s by %s until %s; "
                        .formatted(
                            shard.id,
                            shard.batch.id,
                            shard.batch.state,
                            shard.state,
                            shard.owner,
                            shard.notBefore)));
    return left.toString();
  }

  /** Checks a run in which everything has ended. */
  void atTheEnd() {
    noOutcomeChanged();
    items.forEach(this::check);
    store.batches.values().forEach(this::countersAgree);
    world.require(
        duplicateCount <= allowedDuplicates,
        duplicateCount + " requests too many, allowed were " + allowedDuplicates);
  }

  private void check(String key, SimulatedWorld.SentItem item) {
    StoredShard shard = item.shard();
    SimulatedNetwork.Seen seen = network.seen(key);
    OutcomeState state = shard.outcome(item.index());
    Outcome outcome = shard.outcomes.get(item.index());
    world.require(state != null, key + " has no outcome");
    world.require(outcome == null || shard.closedAs == null, key + " has two outcomes");
    world.require(
        state != OutcomeState.SUCCEEDED || seen.succeeded > 0,
        key + " succeeded though its destination never said so");
    boolean doubted =
        shard.attemptsOf(item.index()).values().stream()
            .anyMatch(attempt -> attempt.kind() == Attempt.Kind.MAYBE_SENT);
    world.require(
        !doubted
            || state == OutcomeState.SUCCEEDED
            || state == OutcomeState.IN_DOUBT
            || isPoison(outcome),
        key + " may have been sent and ended " + state);
    int told = told(shard, item.index(), outcome);
    world.require(
        told > 0 || seen.count == 0 || state == OutcomeState.IN_DOUBT || doubtful.contains(key),
        key + " was seen though it was told to be unsent");
    world.require(
        !shard.batch.atMostOnce() || oneAtMost(shard, item.index(), seen),
        key + " must not be sent twice and was seen " + seen.count + " times");
    attemptsAgree(key, shard, item.index(), outcome);
    duplicateCount += Math.max(0, seen.count - told);
    inDoubtCount += state == OutcomeState.IN_DOUBT ? 1 : 0;
    seenCount += seen.count;
  }

  /** A definite reply that the client wants tried again is not in doubt. */
  private static boolean oneAtMost(StoredShard shard, long index, SimulatedNetwork.Seen seen) {
    return seen.count
        <= 1
            + shard.attemptsOf(index).values().stream()
                .filter(attempt -> attempt.kind() == Attempt.Kind.RETRYABLE)
                .count();
  }

  private static void attemptsInOrder(
      SimulatedWorld world, String key, StoredShard shard, long index) {
    int expected = 1;
    for (Integer number : shard.attemptsOf(index).keySet()) {
      world.require(number == expected, key + " lacks its attempt " + expected);
      expected++;
    }
  }

  private void attemptsAgree(String key, StoredShard shard, long index, @Nullable Outcome outcome) {
    attemptsInOrder(world, key, shard, index);
    if (outcome == null) {
      return;
    }
    int stored = shard.attemptsOf(index).size();
    int last = endedByATry(outcome) ? 1 : 0;
    world.require(
        outcome.attemptCount() == stored + last,
        key + " ended after " + outcome.attemptCount() + " attempts and has " + stored + " before");
    long counted = shard.attemptsOf(index).values().stream().filter(Attempt::counted).count();
    world.require(
        counted < shard.batch.options().retry().maxAttempts() || last == 0,
        key + " was tried too often");
  }

  /** Fails for what it does to processes, whatever its destination saw of it. */
  private static boolean isPoison(@Nullable Outcome outcome) {
    return outcome != null && outcome.error() != null && outcome.error().code().equals("poison");
  }

  private static boolean endedByATry(Outcome outcome) {
    boolean fast = outcome.error() != null && outcome.error().code().equals("breaker_open");
    boolean closed = outcome.statusCode() == 0 && outcome.error() == null;
    return !fast && !closed;
  }

  /** Gives how many requests that may have been seen the store tells of. */
  private static int told(StoredShard shard, long index, @Nullable Outcome outcome) {
    int told = 0;
    for (Attempt attempt : shard.attemptsOf(index).values()) {
      told += attempt.kind() == Attempt.Kind.NOT_SENT ? 0 : 1;
    }
    boolean unsent =
        outcome != null && outcome.error() != null && outcome.error().code().endsWith("_unsent");
    return told + (outcome != null && endedByATry(outcome) && !unsent ? 1 : 0);
  }

  private void countersAgree(StoredBatch batch) {
    Map<OutcomeState, Integer> counted = new EnumMap<>(OutcomeState.class);
    int attempts = 0;
    for (SimulatedWorld.SentItem item : items.values()) {
      if (item.shard().batch == batch) {
        counted.merge(item.shard().outcome(item.index()), 1, Integer::sum);
        attempts += item.shard().attemptsOf(item.index()).size();
      }
    }
    world.require(
        counted.equals(batch.counters),
        "batch " + batch.id + " counts " + batch.counters + " and has " + counted);
    world.require(attempts == batch.attemptCount, "batch " + batch.id + " miscounts attempts");
  }
}
