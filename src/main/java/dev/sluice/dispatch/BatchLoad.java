package dev.sluice.dispatch;

import java.util.Collection;
import java.util.function.BiConsumer;

/**
 * What goes on of one batch in this replica.
 *
 * @param lanes those that may hold items of it
 */
record BatchLoad(BatchGate gate, Collection<Lane> lanes) implements SharedLimit.Load {

  /** Tells of the batch's own limits that all replicas keep together. */
  void sharedLimits(BiConsumer<SharedLimit, SharedLimit.Load> limit) {
    RateShare rate = gate.shares().rate();
    PlaceShare places = gate.shares().places();
    if (rate != null && places != null) {
      limit.accept(rate, this);
      limit.accept(places, this);
    }
  }

  @Override
  public int waiting() {
    int count = 0;
    for (Lane lane : lanes) {
      count += lane.waiting(gate.batchId());
    }
    return count;
  }

  @Override
  public int inUse() {
    return gate.inFlight();
  }

  @Override
  public void wake() {
    for (Lane lane : lanes) {
      if (lane.batchIds().contains(gate.batchId())) {
        lane.signal();
      }
    }
  }
}
