package dev.sluice.store;

import dev.sluice.model.OutcomeState;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The bounded steps that follow O(1) control calls. Laws: each call writes at most about {@code
 * limit} rows in one transaction and says how many it moved, so the caller repeats while something
 * moved; all are idempotent.
 */
public interface Housekeeping {

  /** Makes flows of sealed, due, unpaused batches claimable; takes those of others out. */
  int followBatchStates(int limit);

  /** Makes shards claimable whose {@code not_before} has come. */
  int promoteDue(int limit);

  /** Gives the next instant at which something becomes due, or null when nothing waits. */
  @org.jspecify.annotations.Nullable
  Instant nextDue();

  /**
   * Closes sealed batches whose deadline has come: nothing more of them is claimed, and items
   * without outcome end {@code EXPIRED} by {@link #closeShards}. Gives how many it closed.
   */
  int expireBatches(int limit);

  /** Closes unleased shards of batches that are being cancelled or have expired. */
  ClosedShards closeShards(int limit);

  /**
   * What a closing step did.
   *
   * @param shardCount shards closed
   * @param outcomes accepted items that ended by it, by state
   */
  record ClosedShards(int shardCount, Map<OutcomeState, Integer> outcomes) {}

  /** Completes those of the batches whose items all have outcomes; gives the ones that finished. */
  List<BatchRef> finish(Collection<Long> batchIds);

  /**
   * Gives up to {@code limit} sealed, unfinished batches whose items all have outcomes: left by a
   * crash.
   */
  List<Long> unfinishedButDrained(int limit);

  /** Removes uploads without a byte since {@code idleSince}, one-shot batches with them. */
  int deleteDeadUploads(Instant idleSince, int limit);

  /** Ends open batches idle for longer than their {@code openTimeout}. */
  int expireOpenBatches(int limit);

  /** Removes payloads and captured responses of batches finished before {@code finishedBefore}. */
  int dropPayloads(Instant finishedBefore, int limit);

  /** Removes outcomes and attempts of batches finished before {@code finishedBefore}. */
  int dropRows(Instant finishedBefore, int limit);

  /** Removes batch rows finished before {@code finishedBefore}. */
  int dropBatches(Instant finishedBefore, int limit);

  /**
   * Has the shards of suspects wait for some seconds: dispatch has just begun, and a process that
   * ends again and again soon after its start must try none.
   */
  void postponeSuspects();

  /** Notes what time it is, for the next start; called every few seconds. */
  void noteTime();
}
