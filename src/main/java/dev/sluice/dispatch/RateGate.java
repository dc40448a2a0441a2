package dev.sluice.dispatch;

import dev.sluice.model.Rate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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

  /**
   * An item's turn by every rate that it is under.
   *
   * @param pacers of its batch, its tenant, its destination and the process
   * @param atNanos when it may go by each of them
   */
  record Reservation(@Nullable RatePacer[] pacers, long[] atNanos) {

    /** Gives back the first so many. */
    private void refund(int count) {
      for (int i = 0; i < count; i++) {
        RatePacer pacer = pacers[i];
        if (pacer != null) {
          pacer.refund(atNanos[i]);
        }
      }
    }

    /** Gives back what lies ahead: what has passed would let too many go at once. */
    private void refundAhead(long now) {
      for (int i = 0; i < pacers.length; i++) {
        RatePacer pacer = pacers[i];
        if (pacer != null && atNanos[i] - now > 0) {
          pacer.refund(atNanos[i]);
        }
      }
    }
  }

  /** Reserves an attempt of every rate that the item is under: nanoseconds to wait, or -1. */
  long reserve(LaneItem item, long now) {
    BatchGate gate = item.shard().gate();
    RatePacer batch = gate.pacer();
    RatePacer tenant = gate.tenantPacer();
    RatePacer own = pacer;
    if (batch == null && tenant == null && own == null && global == null) {
      return 0;
    }
    RatePacer[] pacers = {batch, tenant, own, global};
    Reservation reservation = new Reservation(pacers, new long[pacers.length]);
    long longest = 0;
    for (int i = 0; i < pacers.length; i++) {
      RatePacer next = pacers[i];
      if (next != null) {
        long wait = next.reserve(now);
        if (wait < 0) {
          reservation.refund(i);
          return refused(now + next.lookAgainNanos());
        }
        reservation.atNanos[i] = now + wait;
        longest = Math.max(longest, wait);
      }
    }
    shut = longest > 0;
    item.reserved(longest > 0 ? reservation : null);
    return longest;
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
    // A rate that changed between the reservation and here would not have found it.
    if (isStale(item) && reserved.remove(item)) {
      item.shard().flow().putBack(item);
    }
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
  void follow(@Nullable Rate rate, long now) {
    RatePacer current = pacer;
    if (current == null ? rate == null : current.rate().equals(rate)) {
      return;
    }
    pacer = rate == null ? null : new RatePacer(name, rate);
    returnStale(now);
  }

  /** Puts items back into their flows that were reserved at a rate which no longer holds. */
  void returnStale(long now) {
    List<LaneItem> kept = new ArrayList<>();
    LaneItem item;
    while ((item = reserved.poll()) != null) {
      if (!isStale(item)) {
        kept.add(item);
        continue;
      }
      Reservation reservation = item.reservation();
      if (reservation != null) {
        reservation.refundAhead(now);
      }
      item.shard().flow().putBack(item);
    }
    reserved.addAll(kept);
    // Without any rate nobody would say so; who still waits says it again at the next look.
    shut = false;
  }

  private boolean isStale(LaneItem item) {
    Reservation reservation = item.reservation();
    return reservation != null
        && (reservation.pacers[0] != item.shard().gate().pacer() || reservation.pacers[2] != pacer);
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
