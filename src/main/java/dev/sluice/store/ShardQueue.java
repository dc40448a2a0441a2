package dev.sluice.store;

import dev.sluice.model.Attempt;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.Destination;
import dev.sluice.model.HaltRule;
import dev.sluice.model.Outcome;
import dev.sluice.model.OutcomeState;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Hands work out and takes its results back. Laws: a shard is held by at most one lease; what a
 * lease settles is committed with its fence in one transaction; a lost shard never fails a flush;
 * an item gets at most one outcome, the first; counters advance by rows really inserted; shards of
 * batches that are not sealed, paused, cancelled or not yet due are never claimed.
 */
public interface ShardQueue {

  /**
   * Gives destinations that have claimable shards and are not parked, in id order after {@code
   * afterId}; an empty list ends the round.
   */
  List<ReadyDestination> ready(long afterId, int limit);

  /** A destination with claimable work. */
  record ReadyDestination(long id, Destination destination) {}

  /**
   * Claims shards: within a destination by start-time fair queueing over its flows, within a flow
   * in submission order. At least one shard a destination is given when one is claimable, even when
   * it is larger than asked for.
   */
  List<ClaimedShard> claim(List<ClaimRequest> requests);

  /**
   * How much a destination's lane can take.
   *
   * @param fullBatches batches of which the lane holds its share: nothing more of them, so that
   *     they do not keep others out
   */
  record ClaimRequest(long destinationId, int maxItems, long maxBytes, Set<Long> fullBatches) {

    public ClaimRequest {
      fullBatches = Set.copyOf(fullBatches);
    }
  }

  /**
   * The right to settle a shard.
   *
   * @param token grows at every grant; names the holder together with the store's own owner id
   */
  record Lease(long shardId, long batchId, long destinationId, long token) {}

  /**
   * What every item of a batch shares while it is being sent.
   *
   * @param revision of the options; grows with every change
   */
  record BatchTerms(BatchRef batch, String tenant, BatchOptions options, long revision) {}

  /**
   * A shard with its lease.
   *
   * @param crashes holders that died with it since anything of it was settled; from {@link
   *     #ISOLATED_FROM} on it runs alone
   * @param items what it holds, decoded
   * @param progress what earlier holders did; null when untouched
   */
  record ClaimedShard(
      Lease lease,
      BatchTerms terms,
      Destination destination,
      long firstIndex,
      int itemCount,
      int crashes,
      ShardDecoder items,
      @Nullable Progress progress) {}

  /** Crashes from which on a shard is sent one item at a time, each start committed first. */
  int ISOLATED_FROM = 2;

  /** Crashes from which on an item is suspect however long the process outlived its sending. */
  int SUSPECT_THROUGHOUT_FROM = 12;

  /**
   * What earlier holders did with a shard.
   *
   * @param settled bit {@code index - firstIndex} is set for items with an outcome
   * @param histories items without outcome that were tried, by index
   * @param suspects items without outcome during whose attempt a process ended, by index
   */
  record Progress(BitSet settled, Map<Long, History> histories, Set<Long> suspects) {

    /** Progress of a shard that never ran alone. */
    public Progress(BitSet settled, Map<Long, History> histories) {
      this(settled, histories, Set.of());
    }
  }

  /**
   * The earlier tries of an item.
   *
   * @param attempts tries made
   * @param counted tries that count against the maximum
   * @param maybeSent whether any of them may have reached the destination
   * @param spent what they took, with the wait decided after each
   * @param lastWait the wait decided after the last of them
   * @param dueAt when the next may start
   */
  record History(
      int attempts,
      int counted,
      boolean maybeSent,
      Duration spent,
      Duration lastWait,
      Instant dueAt) {}

  /** Commits outcomes and attempts of any number of shards in one transaction. */
  SettleReport settle(List<Settlement> settlements);

  /**
   * What happened to the items of one shard.
   *
   * @param outlived intents of items that are being sent alone, and whose sending the process has
   *     outlived: they are void, and their items are suspects no longer
   */
  record Settlement(
      Lease lease, List<Outcome> outcomes, List<Attempt> attempts, List<Intent> outlived) {

    /** A settlement of a shard that does not run alone. */
    public Settlement(Lease lease, List<Outcome> outcomes, List<Attempt> attempts) {
      this(lease, outcomes, attempts, List.of());
    }

    /** Tells whether it says what became of any item. */
    public boolean settles() {
      return !outcomes.isEmpty() || !attempts.isEmpty();
    }
  }

  /**
   * What a settle did.
   *
   * @param inserted outcome rows really inserted, by state
   * @param fenced leases that had moved on; their part was dropped
   * @param drainedBatches batches of which a shard is finished by this: candidates for completion
   * @param halted batches that these outcomes stopped; nothing more of them is claimed
   */
  record SettleReport(
      Map<OutcomeState, Integer> inserted,
      List<Lease> fenced,
      List<Long> drainedBatches,
      List<Halt> halted) {}

  /** A batch that stopped by itself. */
  record Halt(BatchRef batch, HaltRule rule) {}

  /**
   * Commits that items may be sent, and returns once that is on disk: before the first byte of an
   * item that must not go twice, and of every item of a shard that runs alone. Fenced as a settle
   * is; repeating it changes nothing.
   *
   * <p>An item is in doubt while an intent covers it and there is neither an outcome nor an attempt
   * of that number. A take-over of a dead holder's shard ends such items {@code IN_DOUBT} where
   * nothing may be sent twice. Elsewhere it counts one end of the process against them, and the
   * second makes them {@code FAILED} with the code {@code poison}; a shard with a suspect is
   * claimable only some seconds after the take-over, and after {@link
   * Housekeeping#postponeSuspects}, so that a process that ends again and again soon after its
   * start tries none. Giving a shard back voids its intents.
   *
   * @return leases that had moved on: nothing of them may be sent
   */
  List<Lease> intend(List<Intent> intents);

  /**
   * Unsettled items of a shard that may be sent from now on.
   *
   * @param number of the attempt, from 1
   * @param firstIndex first of the range
   * @param lastIndex last of it, included; indexes between that belong to other shards do not count
   */
  record Intent(Lease lease, int number, long firstIndex, long lastIndex) {}

  /**
   * Ends leases and voids their intents; shards become claimable at {@code notBefore}, at once when
   * null.
   */
  void giveBack(List<GivenBack> shards);

  /** A shard given back unfinished. */
  record GivenBack(Lease lease, @Nullable Instant notBefore) {}

  /**
   * Calls {@code listener} after each commit that may have made shards claimable. It runs on the
   * store's own thread and must return at once.
   */
  void onReady(Runnable listener);

  /**
   * Tells whether nobody else can have been given yet what this process has claimed. While it is
   * false nothing may begin: the process has not been heard by its peers for so long that they may
   * soon take it for dead. Where there are no peers it is always true. Any thread; costs one read.
   *
   * @param nanoTime the present process nanos
   */
  boolean holdsLeases(long nanoTime);

  /**
   * Calls {@code listener} when all leases so far are void: peers took this process for dead, and
   * it goes on as another one. What it had claimed is fenced, so giving it back has no effect. It
   * runs on the store's own thread, before {@link #holdsLeases} is true again, and must return at
   * once.
   */
  void onLeasesLost(Runnable listener);
}
