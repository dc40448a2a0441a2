package dev.sluice.model;

/**
 * What happened, in the past tense, for whoever counts it. Called on hot paths by any thread:
 * implementations return at once and never throw. The equation between the counters is law 2: items
 * accepted = items settled + items not yet settled.
 */
public interface DispatchObserver {

  /** Hears nothing. */
  DispatchObserver NONE = new DispatchObserver() {};

  /** Gives what makes spans of it. */
  default DispatchTracer tracer() {
    return DispatchTracer.NONE;
  }

  /** A batch was sealed with so many items. */
  default void batchAccepted(long itemCount) {}

  /** Shards were claimed with so many unsettled items. */
  default void shardsClaimed(int shardCount, int itemCount) {}

  /** The store was asked for shards, {@code nanos} ago, and answered or failed. */
  default void claimEnded(long nanos, boolean answered) {}

  /** Shards went back to the store unfinished. */
  default void shardsGivenBack(int shardCount) {}

  /** An attempt took its permit. */
  default void attemptStarted(Destination destination) {}

  /** An attempt got its verdict, {@code nanos} after its permit. */
  default void attemptEnded(Destination destination, Verdict verdict, long nanos) {}

  /** Another try of an item was decided. */
  default void retryDecided(Destination destination) {}

  /** Outcomes were committed: rows really inserted, by state. */
  default void outcomesCommitted(OutcomeState state, int count) {}

  /** A group commit ended, successful or not. */
  default void settleEnded(int outcomeCount, long nanos, boolean committed) {}

  /** A shard's outcomes were dropped because its lease had moved on. */
  default void leaseLost(int outcomeCount) {}

  /** Peers took this process for dead: all its leases are void, and it goes on as another. */
  default void replicaRetired() {}

  /** Shares of limits were asked for, {@code nanos} ago, and were renewed or not. */
  default void sharesRenewed(long nanos, boolean renewed) {}

  /** The event loops that send were asked how late they come to new work; the latest of them. */
  default void loopsSampled(long nanos) {}

  /** A batch stopped by itself. */
  default void batchHalted(HaltRule rule) {}

  /** A drain cut so many exchanges that had not ended in time. */
  default void drainCut(int exchangeCount) {}
}
