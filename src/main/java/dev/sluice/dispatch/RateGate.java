package dev.sluice.dispatch;

import dev.sluice.model.Rate;
import java.util.Comparator;
import java.util.concurrent.PriorityBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The rates of a lane: its destination's, the process's and, behind each item, its batch's and its
 * tenant's. An item that must wait for its turn is kept here with its reservation, and holds no
 * place meanwhile. Any thread.
 */
final class RateGate {

  private final String name;
  private final WakeUps wakeUps;
  private final @Nullable RatePacer global;

  /** Items whose reservation lies ahead, by the time it names. */
  private final PriorityBlockingQueue<LaneItem> reserved =
      new PriorityBlockingQueue<>(11, Comparator.comparingLong(LaneItem::dueNanos));

  private volatile @Nullable RatePacer pacer;
  private volatile boolean shut;

  /**
   * @param global of all that this process sends, if there is such a rate
   */
  RateGate(String name, WakeUps wakeUps, @Nullable RatePacer global) {
    this.name = name;
    this.global = global;
    this.wakeUps = wakeUps;
  }

  /** Reserves an attempt of every rate that the item is under: nanoseconds to wait, or -1. */
  long reserve(BatchGate gate, long now) {
    RatePacer batch = gate.pacer();
    RatePacer tenant = gate.tenantPacer();
    RatePacer own = pacer;
    if (batch == null && tenant == null && own == null && global == null) {
      return 0;
    }
    return reserve(new RatePacer[] {batch, tenant, own, global}, now);
  }

  private long reserve(@Nullable RatePacer[] pacers, long now) {
    long[] waits = new long[pacers.length];
    long longest = 0;
    for (int i = 0; i < pacers.length; i++) {
      RatePacer next = pacers[i];
      if (next != null) {
        waits[i] = next.reserve(now);
        if (waits[i] < 0) {
          refund(pacers, waits, i, now);
          return refused(now + next.lookAgainNanos());
        }
        longest = Math.max(longest, waits[i]);
      }
    }
    shut = longest > 0;
    return longest;
  }

  private static void refund(@Nullable RatePacer[] pacers, long[] waits, int count, long now) {
    for (int i = 0; i < count; i++) {
      RatePacer reserved = pacers[i];
      if (reserved != null) {
        reserved.refund(now + waits[i]);
      }
    }
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
