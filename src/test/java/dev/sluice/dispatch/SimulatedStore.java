package dev.sluice.dispatch;

import dev.sluice.model.Attempt;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.BatchState;
import dev.sluice.model.Destination;
import dev.sluice.model.HaltRule;
import dev.sluice.model.ItemError;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import dev.sluice.store.BatchRef;
import dev.sluice.store.DestinationRecord;
import dev.sluice.store.DestinationSettings;
import dev.sluice.store.Housekeeping.ClosedShards;
import dev.sluice.store.ShardDecoder;
import dev.sluice.store.ShardQueue;
import dev.sluice.store.ShardQueue.ClaimRequest;
import dev.sluice.store.ShardQueue.ClaimedShard;
import dev.sluice.store.ShardQueue.GivenBack;
import dev.sluice.store.ShardQueue.Halt;
import dev.sluice.store.ShardQueue.Intent;
import dev.sluice.store.ShardQueue.Lease;
import dev.sluice.store.ShardQueue.ReadyDestination;
import dev.sluice.store.ShardQueue.SettleReport;
import dev.sluice.store.ShardQueue.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory that keeps the laws of {@link dev.sluice.store.ShardQueue}: every call is one
 * transaction, and who calls is told by an owner id, so that one who was taken over can go on
 * calling.
 */
final class SimulatedStore {

  /** Shorter than the real one, so that suspects are tried while processes still end. */
  private static final Duration SUSPECTS_WAIT = Duration.ofMillis(200);

  final NavigableMap<Long, StoredBatch> batches = new TreeMap<>();
  final NavigableMap<Long, StoredShard> shards = new TreeMap<>();
  final NavigableMap<Long, DestinationRecord> destinations = new TreeMap<>();
  private final Set<Long> owners = new HashSet<>();
  private final InstantSource clock;
  private final @Nullable Mutation mutation;
  private long lastOwner;
  private int commits;

  SimulatedStore(InstantSource clock, @Nullable Mutation mutation) {
    this.clock = clock;
    this.mutation = mutation;
  }

  private boolean is(Mutation wanted) {
    return mutation == wanted;
  }

  void add(StoredBatch batch) {
    batches.put(batch.id, batch);
  }

  void add(StoredShard shard) {
    shards.put(shard.id, shard);
    shard.batch.tags.putIfAbsent(shard.destinationId, 0.0);
  }

  void add(long id, Destination destination) {
    destinations.put(
        id,
        new DestinationRecord(
            id, destination, DestinationSettings.DEFAULT, null, null, null, null));
  }

  // Owners

  /** Gives the id of a new process. */
  long join() {
    owners.add(++lastOwner);
    return lastOwner;
  }

  /**
   * What a takeover found of what was said to come.
   *
   * @param shardCount shards that were held
   * @param inDoubtCount items that may have been sent and must not go twice
   * @param suspectCount items that may have ended the process
   * @param poisonCount items that were suspects before
   */
  record Taken(int shardCount, int inDoubtCount, int suspectCount, int poisonCount) {}

  private enum Judgement {
    IN_DOUBT,
    SUSPECT,
    POISON
  }

  /** Declares a process dead: what it holds is free, each with one crash more. */
  Taken takeOver(long dead) {
    owners.remove(dead);
    List<Judgement> judged = new ArrayList<>();
    int held = 0;
    for (StoredShard shard : shards.values()) {
      if (shard.state == StoredShard.State.LEASED && shard.owner != null && shard.owner == dead) {
        held++;
        takeOver(shard, judged);
      }
    }
    shards.values().forEach(this::postpone);
    if (judged.contains(Judgement.POISON)) {
      // That explains all ends so far.
      shards.values().stream()
          .filter(shard -> shard.suspects.isEmpty())
          .forEach(shard -> shard.crashes = 0);
    }
    return new Taken(
        held,
        Collections.frequency(judged, Judgement.IN_DOUBT),
        Collections.frequency(judged, Judgement.SUSPECT),
        Collections.frequency(judged, Judgement.POISON));
  }

  private void takeOver(StoredShard shard, List<Judgement> judged) {
    if (is(Mutation.FORGET_LEASES_ON_TAKEOVER)) {
      return;
    }
    shard.owner = null;
    shard.crashes++;
    shard.state = StoredShard.State.READY;
    if (is(Mutation.LOSE_OUTCOMES_ON_TAKEOVER)) {
      shard.outcomes.clear();
    }
    if (!is(Mutation.FORGET_DOUBT_ON_TAKEOVER)) {
      shard.unsettled().stream()
          .filter(shard::isInDoubt)
          .forEach(index -> judged.add(judge(shard, index)));
    }
    shard.intents.clear();
    if (shard.unsettled().isEmpty()) {
      shard.state = StoredShard.State.DONE;
    }
    var _ = shard.batch.finish();
    var _ = shard.batch.judge();
  }

  /** A process that ends again and again soon after its start is to try no suspect. */
  private void postpone(StoredShard shard) {
    boolean waits = shard.state == StoredShard.State.WAITING;
    if (!shard.suspects.isEmpty() && (waits || shard.state == StoredShard.State.READY)) {
      Instant until = clock.instant().plus(SUSPECTS_WAIT);
      Instant before = shard.notBefore;
      shard.state = StoredShard.State.WAITING;
      shard.notBefore = before == null || before.isBefore(until) ? until : before;
    }
  }

  /** What may have been on the wire is in doubt, or blamed for the end of the process. */
  private Judgement judge(StoredShard shard, long index) {
    shard.touched = true;
    if (shard.batch.atMostOnce()) {
      close(shard, index, OutcomeState.IN_DOUBT);
      return Judgement.IN_DOUBT;
    }
    int most = is(Mutation.CONVICT_AT_ONCE) ? 1 : 2;
    if (shard.suspects.merge(index, 1, Integer::sum) < most) {
      shard.crashes = Math.max(shard.crashes, ShardQueue.ISOLATED_FROM);
      return Judgement.SUSPECT;
    } else {
      shard.suspects.remove(index);
      int tries = shard.attemptsOf(index).size() + 1;
      ItemError poison = new ItemError("poison", "Ended the process twice");
      shard.outcomes.put(
          index,
          new Outcome(
              index, null, OutcomeState.FAILED, 0, tries, 0, clock.instant(), poison, null));
      shard.batch.count(OutcomeState.FAILED, 1);
      return Judgement.POISON;
    }
  }

  boolean isMember(long owner) {
    return owners.contains(owner);
  }

  // Claims

  private boolean isParked(DestinationRecord destination) {
    Instant until = destination.parkedUntil();
    return until != null && until.isAfter(clock.instant());
  }

  private boolean isPaused(DestinationRecord destination) {
    DestinationRecord.Pause pause = destination.paused();
    return pause != null && (pause.until() == null || pause.until().isAfter(clock.instant()));
  }

  private boolean isClaimable(StoredShard shard, boolean failFastOnly) {
    return shard.state == StoredShard.State.READY
        && shard.batch.isSendable()
        && (!failFastOnly
            || shard.batch.options().onBreakerOpen() == BatchOptions.OnBreakerOpen.FAIL);
  }

  private List<StoredShard> claimable(long destinationId) {
    DestinationRecord destination = destinations.get(destinationId);
    boolean behindBreaker = isParked(destination) && "breaker".equals(destination.parkReason());
    if (isPaused(destination) || (isParked(destination) && !behindBreaker)) {
      return List.of();
    }
    return shards.values().stream()
        .filter(shard -> shard.destinationId == destinationId && isClaimable(shard, behindBreaker))
        .toList();
  }

  List<ReadyDestination> ready(long afterId, int limit) {
    return destinations.values().stream()
        .filter(destination -> destination.id() > afterId)
        .filter(destination -> !claimable(destination.id()).isEmpty())
        .limit(limit)
        .map(destination -> new ReadyDestination(destination.id(), destination.destination()))
        .toList();
  }

  /** One who was taken over is given nothing. */
  List<ClaimedShard> claim(long owner, List<ClaimRequest> requests) {
    List<ClaimedShard> claimed = new ArrayList<>();
    if (isMember(owner)) {
      for (ClaimRequest request : requests) {
        claim(owner, request, claimed);
      }
    }
    return claimed;
  }

  private void claim(long owner, ClaimRequest request, List<ClaimedShard> claimed) {
    int items = 0;
    long bytes = 0;
    List<StoredShard> left = new ArrayList<>(claimable(request.destinationId()));
    left.removeIf(shard -> request.fullBatches().contains(shard.batch.id));
    while (!left.isEmpty() && items < request.maxItems() && bytes < request.maxBytes()) {
      StoredShard next =
          left.stream()
              .min(
                  Comparator.<StoredShard>comparingDouble(
                          shard -> shard.batch.tags.get(shard.destinationId))
                      .thenComparingLong(shard -> shard.id))
              .orElseThrow();
      left.remove(next);
      int size = next.unsettled().size();
      boolean fits =
          items + size <= request.maxItems() && bytes + next.payload.length <= request.maxBytes();
      if (!fits && items > 0) {
        return;
      }
      claimed.add(grant(owner, next));
      items += size;
      bytes += next.payload.length;
      double share = size / (double) next.batch.options().weight();
      next.batch.tags.merge(next.destinationId, share, Double::sum);
    }
  }

  private ClaimedShard grant(long owner, StoredShard shard) {
    shard.token++;
    shard.owner = owner;
    shard.state = is(Mutation.CLAIM_TWICE) ? StoredShard.State.READY : StoredShard.State.LEASED;
    shard.notBefore = null;
    shard.batch.state = BatchState.RUNNING;
    return new ClaimedShard(
        shard.lease(),
        shard.batch.terms,
        shard.destination,
        shard.firstIndex(),
        shard.indexes.size(),
        shard.crashes,
        ShardDecoder.open(shard.payload),
        shard.touched
            ? shard.progress(
                !is(Mutation.FORGET_OUTCOMES_AT_CLAIM),
                !is(Mutation.FORGET_ATTEMPTS_AT_CLAIM),
                !is(Mutation.FORGET_SUSPECTS_AT_CLAIM))
            : null);
  }

  // Settling

  private @Nullable StoredShard held(long owner, Lease lease) {
    StoredShard shard = shards.get(lease.shardId());
    return shard != null && (is(Mutation.DROP_THE_FENCE) || shard.isHeld(owner, lease))
        ? shard
        : null;
  }

  SettleReport settle(long owner, List<Settlement> settlements) {
    Map<OutcomeState, Integer> inserted = new EnumMap<>(OutcomeState.class);
    List<Lease> fenced = new ArrayList<>();
    Set<StoredBatch> touched = new LinkedHashSet<>();
    Set<StoredBatch> shardDone = new LinkedHashSet<>();
    boolean lost = is(Mutation.LOSE_A_COMMIT) && ++commits % 10 == 0;
    for (Settlement settlement : settlements) {
      StoredShard shard = held(owner, settlement.lease());
      if (shard == null) {
        fenced.add(settlement.lease());
      } else if (shard.state != StoredShard.State.DONE && !lost) {
        touched.add(shard.batch);
        settle(shard, settlement, inserted);
        if (shard.unsettled().isEmpty()) {
          shard.state = StoredShard.State.DONE;
          shardDone.add(shard.batch);
        }
      }
    }
    List<Long> drained = new ArrayList<>();
    List<Halt> halted = new ArrayList<>();
    for (StoredBatch batch : touched) {
      HaltRule rule = batch.judge();
      if (shardDone.contains(batch) && batch.isDrained()) {
        drained.add(batch.id);
      } else if (rule != null) {
        halted.add(new Halt(batch.terms.batch(), rule));
      }
    }
    return new SettleReport(inserted, fenced, drained, halted);
  }

  private void settle(
      StoredShard shard, Settlement settlement, Map<OutcomeState, Integer> inserted) {
    shard.touched = true;
    settlement.outcomes().forEach(outcome -> shard.suspects.remove(outcome.index()));
    settlement.attempts().forEach(attempt -> shard.suspects.remove(attempt.index()));
    settlement.outlived().forEach(shard::outlived);
    shard.crashes = settlement.settles() && shard.suspects.isEmpty() ? 0 : shard.crashes;
    for (Attempt attempt : settlement.attempts()) {
      shard.batch.attemptCount += shard.insert(attempt) ? 1 : 0;
    }
    for (Outcome outcome : settlement.outcomes()) {
      boolean isNew = shard.outcomes.putIfAbsent(outcome.index(), outcome) == null;
      if (isNew || is(Mutation.COUNT_REPETITIONS)) {
        shard.batch.count(outcome.state(), 1);
        inserted.merge(outcome.state(), 1, Integer::sum);
      }
    }
  }

  /** Gives the leases that had moved on; of those nothing may be sent. */
  List<Lease> intend(long owner, List<Intent> intents) {
    List<Lease> fenced = new ArrayList<>();
    for (Intent intent : intents) {
      StoredShard shard = held(owner, intent.lease());
      if (shard == null) {
        fenced.add(intent.lease());
      } else if (!is(Mutation.SKIP_THE_INTENT)) {
        shard.intend(intent.number(), intent.firstIndex(), intent.lastIndex());
      }
    }
    return fenced;
  }

  void giveBack(long owner, List<GivenBack> givenBack) {
    for (GivenBack given : givenBack) {
      StoredShard shard = held(owner, given.lease());
      if (shard != null && shard.state == StoredShard.State.LEASED) {
        Instant notBefore = given.notBefore();
        boolean waits = notBefore != null && notBefore.isAfter(clock.instant());
        shard.owner = null;
        shard.intents.clear();
        shard.notBefore = waits ? notBefore : null;
        shard.state =
            shard.unsettled().isEmpty()
                ? StoredShard.State.DONE
                : waits ? StoredShard.State.WAITING : StoredShard.State.READY;
      }
    }
  }

  // Housekeeping

  int promoteDue() {
    int moved = 0;
    Instant now = clock.instant();
    for (StoredShard shard : shards.values()) {
      if (shard.state == StoredShard.State.WAITING
          && shard.notBefore != null
          && !shard.notBefore.isAfter(now)) {
        shard.state = StoredShard.State.READY;
        shard.notBefore = null;
        moved++;
      }
    }
    for (StoredBatch batch : batches.values()) {
      if (batch.state == BatchState.SCHEDULED && batch.isDue(batch.options().notBefore(), now)) {
        batch.state = BatchState.QUEUED;
        moved++;
      }
    }
    return moved;
  }

  int expireBatches() {
    int expired = 0;
    for (StoredBatch batch : batches.values()) {
      if (!batch.state.isTerminal()
          && batch.state != BatchState.CANCELLING
          && batch.closedAs == null
          && batch.isDue(batch.options().deadline(), clock.instant())) {
        batch.closedAs = OutcomeState.EXPIRED;
        expired++;
      }
    }
    return expired;
  }

  ClosedShards closeShards(int limit) {
    Map<OutcomeState, Integer> ended = new EnumMap<>(OutcomeState.class);
    int closed = 0;
    for (StoredShard shard : shards.values()) {
      OutcomeState as = shard.batch.closedAs;
      boolean closable =
          shard.state == StoredShard.State.READY
              || shard.state == StoredShard.State.WAITING
              || (is(Mutation.CLOSE_WHAT_IS_HELD) && shard.state == StoredShard.State.LEASED);
      if (as != null && closable && closed < limit) {
        close(shard, as, ended);
        closed++;
      }
    }
    batches.values().stream().filter(batch -> batch.closedAs != null).forEach(StoredBatch::finish);
    return new ClosedShards(closed, ended);
  }

  private void close(StoredShard shard, OutcomeState as, Map<OutcomeState, Integer> ended) {
    if (!shard.touched) {
      shard.closedAs = as;
      shard.batch.count(as, shard.indexes.size());
      ended.merge(as, shard.indexes.size(), Integer::sum);
    } else {
      for (Long index : shard.unsettled()) {
        boolean maybeSent = shard.maybeSent(index) || shard.suspects.containsKey(index);
        OutcomeState state = maybeSent ? OutcomeState.IN_DOUBT : as;
        close(shard, index, state);
        ended.merge(state, 1, Integer::sum);
      }
    }
    shard.state = StoredShard.State.DONE;
  }

  private void close(StoredShard shard, long index, OutcomeState as) {
    int attempts = shard.attemptsOf(index).size();
    shard.outcomes.put(
        index, new Outcome(index, null, as, 0, attempts, 0, clock.instant(), null, null));
    shard.batch.count(as, 1);
  }

  List<BatchRef> finish(Collection<Long> batchIds) {
    return batchIds.stream()
        .map(batches::get)
        .filter(StoredBatch::finish)
        .map(batch -> batch.terms.batch())
        .toList();
  }

  List<Long> unfinishedButDrained() {
    return batches.values().stream()
        .filter(batch -> !batch.state.isTerminal() && batch.isDrained())
        .map(batch -> batch.id)
        .toList();
  }

  boolean isFinished() {
    return batches.values().stream().allMatch(batch -> batch.state.isTerminal());
  }

  boolean saysSendable(StoredBatch batch) {
    return batch.isSendable() || (is(Mutation.IGNORE_PAUSE) && batch.state == BatchState.PAUSED);
  }
}
