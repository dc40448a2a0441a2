package dev.sluice.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Orders that come one by one, each as a batch of its own, as from a caller without a list. */
final class SingleOrders {

  private final SluiceApi api;
  private final SampleItems items;
  private final BooleanSupplier stopped;

  /**
   * @param items gives the orders
   * @param stopped says that nobody waits for the rest
   */
  SingleOrders(SluiceApi api, SampleItems items, BooleanSupplier stopped) {
    this.api = api;
    this.items = items;
    this.stopped = stopped;
  }

  /**
   * Submits orders one after the other and then waits until all are finished. Blocking.
   *
   * @param first index of the first order
   * @return batches finished
   * @throws DemoFailure when one does not finish
   */
  int send(int first, int count) throws DemoFailure, InterruptedException {
    List<String> ids = new ArrayList<>(count);
    for (int i = 0; i < count && !stopped.getAsBoolean(); i++) {
      ids.add(api.submit(items.line(first + i)));
    }
    for (String id : ids) {
      BatchView batch = api.finished(id);
      if (!batch.finished()) {
        throw new DemoFailure("Batch " + id + " of one order is " + batch.state() + " still.");
      }
    }
    return ids.size();
  }
}
