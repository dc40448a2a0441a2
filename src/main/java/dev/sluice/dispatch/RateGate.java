package dev.sluice.dispatch;

import dev.sluice.model.Rate;
import java.util.Comparator;
import java.util.concurrent.PriorityBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The rates of a lane: its destination's and, behind each item, its batch's. An item that must wait
 * for its turn is kept here with its reservation, and holds no place meanwhile. Any thread.
 */
final class RateGate {

  private final String name;
  private final WakeUps wakeUps;

  /** Items whose reservation lies ahead, by the time it names. */
  private final PriorityBlockingQueue<LaneItem> reserved =
      new PriorityBlockingQueue<>(11, Comparator.comparingLong(LaneItem::dueNanos));

  private volatile @Nullable RatePacer pacer;
  private volatile boolean shut;

  RateGate(String name, WakeUps wakeUps) {
    this.name = name;
    this.wakeUps = wakeUps;
  }

  /**
   * Reserves an attempt of the batch's rate and of the destination's: nanoseconds to wait, or -1.
   */
  long reserve(BatchGate gate, long now) {
    RatePacer own = pacer;
    RatePacer batch = gate.pacer();
    if (own == null && batch == null) {
      return 0;
    }
    long wait = 0;
    if (batch != null) {
      wait = batch.reserve(now);
      if (wait < 0) {
        return refused(now + batch.lookAgainNanos());
      }
    }
    if (own != null) {
      long ownWait = own.reserve(now);
      if (ownWait < 0) {
        if (batch != null) {
          batch.refund(now + wait);
        }
        return refused(now + own.lookAgainNanos());
      }
      wait = Math.max(wait, ownWait);
    }
    shut = wait > 0;
    return wait;
  }

  /** Another lane may hold every reservation of a batch, so this one must look again by itself. */
  private long refused(long lookAgainAt) {
    shut = true;
    wakeUps.at(lookAgainAt);
    return -1;
  }

  /** Keeps an item until its reservation comes. */
  void keep(LaneItem item, long atNanos) {
    item.dueAtNanos(atNanos);
    reserved.add(item);
  }

  /** Takes an item whose reservation has come, or null. */
  @Nullable LaneItem poll(long now) {
    LaneItem head = reserved.peek();
    if (head == null || head.dueNanos() - now > 0) {
      return null;
    }
    LaneItem item = reserved.poll();
    if (item != null && item.dueNanos() - now > 0) {
      // Another thread took the due one in between.
      reserved.add(item);
      return null;
    }
    return item;
  }

  /** Gives the time of the next reservation, or {@link WakeUps#NEVER}. */
  long nextDue() {
    LaneItem head = reserved.peek();
    return head == null ? WakeUps.NEVER : head.dueNanos();
  }

  /** Follows the destination's rate; null means none. */
  void follow(@Nullable Rate rate) {
    RatePacer current = pacer;
    if (current == null ? rate == null : current.rate().equals(rate)) {
      return;
    }
    pacer = rate == null ? null : new RatePacer(name, rate);
    // Reservations were made at the old rate.
    LaneItem item;
    while ((item = reserved.poll()) != null) {
      item.shard().flow().putBack(item);
    }
  }

  /** Drops what is kept of one batch, or of all: its shards are being given back. */
  void drop(@Nullable Long batchId) {
    reserved.removeIf(item -> batchId == null || item.shard().gate().batchId() == batchId);
  }

  /** Tells whether the last item asked for had to wait. */
  boolean isShut() {
    return shut;
  }

  int keptCount() {
    return reserved.size();
  }
}
