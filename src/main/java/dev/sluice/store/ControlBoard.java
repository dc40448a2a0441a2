package dev.sluice.store;

import dev.sluice.model.BatchState;
import dev.sluice.model.Destination;
import dev.sluice.model.StateReason;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Desired state in, lane snapshots out. Laws: control calls are idempotent and write O(1) rows; a
 * returned call is on disk; a state that forbids the call is told, not forced.
 */
public interface ControlBoard {

  /** Stops sending a batch until it is resumed. */
  Controlled pause(long batchId, StateReason reason);

  /**
   * Lets a paused batch go on where it was: {@code haltOn} begins anew, and what waited for a
   * canary that is over goes.
   */
  Controlled resume(long batchId, StateReason reason);

  /** Ends a batch: nothing new is sent, items without outcome end {@code CANCELLED}. */
  Controlled cancel(long batchId, StateReason reason);

  /**
   * Changes a batch in one transaction with the read it starts from, so no change is lost. Name and
   * metadata may change at any time, options while something may still be sent by them; what
   * changes nothing is always allowed.
   *
   * @param change gives what is wanted for what is. Runs on the store's own thread: quick, and
   *     without the store. What it throws comes out here, and nothing has changed then.
   */
  Controlled change(long batchId, UnaryOperator<BatchSettings> change);

  /** Outcome of a control call. */
  sealed interface Controlled {
    /** The batch is now in {@code state}. */
    record Done(BatchState state) implements Controlled {}

    /** The state forbids the call. */
    record InvalidState(BatchState state) implements Controlled {}
  }

  /**
   * Changes what an operator wants of a destination in one transaction with the read it starts
   * from; creates the destination when it is new.
   *
   * @param change as for a batch
   */
  DestinationRecord update(Destination destination, UnaryOperator<DestinationSettings> change);

  /** Replaces what an operator wants of a destination. */
  default DestinationRecord update(Destination destination, DestinationSettings settings) {
    return update(destination, _ -> settings);
  }

  /** Pauses a destination until {@code until}, or until it is resumed. */
  DestinationRecord pauseDestination(
      Destination destination, @Nullable Instant until, StateReason reason);

  /** Ends the pause of a destination. */
  DestinationRecord resumeDestination(Destination destination);

  /**
   * Says until when nothing may be claimed for destinations. Written by the dispatch of every
   * replica: a parking that lasts longer stays as it is.
   */
  void park(List<Parking> parkings);

  /**
   * A parked destination.
   *
   * @param reason {@code breaker} or {@code hold}; null when it is over, and then a parking ends
   *     that lasts no longer than {@code until}
   */
  record Parking(long destinationId, Instant until, @Nullable String reason) {

    /** Ends a parking, unless another one lasts longer. */
    public static Parking over(long destinationId, Instant until) {
      return new Parking(destinationId, until, null);
    }
  }

  /** Replaces this replica's snapshots. */
  void publish(Snapshot snapshot);

  /** What all lanes of a replica were doing at {@code at}. */
  record Snapshot(Instant at, List<LaneSnapshot> lanes, List<FlowSnapshot> flows) {}

  /** Gives the desired state of batches in this replica's lanes. */
  List<BatchControl> batchControls(Collection<Long> batchIds);

  /**
   * A batch as dispatch must follow it.
   *
   * @param sendable whether its items may be sent now
   * @param canary whether only those of its canary may
   * @param revision of its options; grows with every change
   */
  record BatchControl(long batchId, boolean sendable, boolean canary, long revision) {}

  /** Gives the terms of batches as they are now. */
  List<BatchTerms> batchTerms(Collection<Long> batchIds);

  /** Gives the desired state of destinations in this replica's lanes. */
  List<DestinationRecord> destinationControls(Collection<Long> destinationIds);
}
