package dev.sluice.dispatch;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Which item of a lane goes next: batches take turns, first tries go first once retries have used
 * up their share, and what only a rate holds back is reserved ahead. Any thread.
 */
final class ItemChooser {

  private final Lane lane;
  private final LaneStock stock;
  private final DestinationGate destination;
  private final RateGate rates;
  private final WakeUps wakeUps;
  private final RetryBudget retryBudget = new RetryBudget();
  private final AtomicInteger turn = new AtomicInteger();

  ItemChooser(
      Lane lane, LaneStock stock, DestinationGate destination, RateGate rates, WakeUps wakeUps) {
    this.lane = lane;
    this.stock = stock;
    this.destination = destination;
    this.rates = rates;
    this.wakeUps = wakeUps;
  }

  /**
   * Takes the next item with its places at the breaker, its batch and its rates; null when none may
   * go now, and then the lane is woken when that may have changed.
   */
  @Nullable LaneItem next(long now) {
    LaneItem item = takeReserved(now);
    if (item == null) {
      item = choose(now);
    }
    if (item == null) {
      wakeUps.at(nextDue(now));
    }
    return item;
  }

  private @Nullable LaneItem takeReserved(long now) {
    LaneItem item;
    while ((item = rates.poll(now)) != null) {
      if (!item.shard().begin()) {
        continue;
      }
      if (!item.shard().gate().tryEnter(lane)) {
        putBack(item);
        return null;
      }
      if (!mayPass(now)) {
        item.shard().gate().exit();
        putBack(item);
        return null;
      }
      return item;
    }
    return null;
  }

  /**
   * First tries go first once retries have used up their share, also those that the feeder is about
   * to bring; nothing goes instead of a retry.
   */
  private @Nullable LaneItem choose(long now) {
    LaneItem item = choose(now, true);
    if (item != null || destination.isBroken(now) || !isRetryDue(now)) {
      return item;
    }
    long refillUntil = stock.refillUntil(now);
    if (refillUntil - now > 0) {
      wakeUps.at(refillUntil);
      return null;
    }
    return choose(now, false);
  }

  private boolean isRetryDue(long now) {
    for (FlowQueue flow : stock.flows()) {
      if (flow.isRetryDue(now)) {
        return true;
      }
    }
    return false;
  }

  private @Nullable LaneItem choose(long now, boolean withinBudget) {
    FlowQueue[] all = stock.flows();
    int first = all.length < 2 ? 0 : Math.floorMod(turn.getAndIncrement(), all.length);
    for (int i = 0; i < all.length; i++) {
      FlowQueue flow = all[(first + i) % all.length];
      if (flow.hasReady(now)) {
        LaneItem item = chooseFrom(flow, now, withinBudget);
        if (item != null || destination.isBroken(now)) {
          return item;
        }
      }
    }
    return null;
  }

  /** Takes an item of one flow; while a rate is the only gate shut, reserves ahead instead. */
  private @Nullable LaneItem chooseFrom(FlowQueue flow, long now, boolean withinBudget) {
    BatchGate gate = flow.gate();
    while (gate.tryEnter(lane)) {
      LaneItem item = poll(flow, now, withinBudget);
      if (item == null) {
        gate.exit();
        return null;
      }
      if (!mayPass(now)) {
        gate.exit();
        putBack(item);
        return null;
      }
      long wait = rates.reserve(item, now);
      if (wait >= 0 && !item.isRetry()) {
        retryBudget.earn();
      }
      if (wait == 0) {
        return item;
      }
      destination.release(now);
      gate.exit();
      if (wait < 0) {
        putBack(item);
        return null;
      }
      stock.left(item.shard());
      rates.keep(item, now + wait);
    }
    return null;
  }

  private @Nullable LaneItem poll(FlowQueue flow, long now, boolean withinBudget) {
    double budget = flow.gate().retryBudget();
    boolean spent = withinBudget && flow.isRetryDue(now) && retryBudget.trySpend(budget);
    LaneItem item = flow.poll(now, spent || !withinBudget);
    if (spent && (item == null || !item.isRetry())) {
      retryBudget.refund(budget);
    }
    return item;
  }

  private boolean mayPass(long now) {
    if (destination.tryPass(now)) {
      return true;
    }
    wakeUps.at(destination.askAgainAt(now));
    return false;
  }

  private void putBack(LaneItem item) {
    item.shard().flow().putBack(item);
    stock.left(item.shard());
  }

  /**
   * Gives the next time after {@code now} at which an item falls due; what is due waits for a gate.
   */
  private long nextDue(long now) {
    long due = WakeUps.ahead(rates.nextDue(), now);
    for (FlowQueue flow : stock.flows()) {
      due = Math.min(due, WakeUps.ahead(flow.nextDue(), now));
    }
    return due;
  }

  /** Tells whether a flow has nothing but retries, which others' first tries go before. */
  boolean waitsForBudget(FlowQueue flow) {
    return !flow.hasFirstTries()
        && retryBudget.isSpent(flow.gate().retryBudget())
        && Arrays.stream(stock.flows()).anyMatch(FlowQueue::hasFirstTries);
  }
}
