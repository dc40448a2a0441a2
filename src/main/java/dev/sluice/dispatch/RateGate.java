package dev.sluice.dispatch;

import dev.sluice.model.Rate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rates of a lane: its destination's, the process's and, behind each item, its batch's and its
 * tenant's. An item that must wait for its turn is kept here with its reservation, and holds no
 * place meanwhile. Any thread.
 */
final class RateGate {

  private static final RatePacer[] NONE = {};

  private final String name;
  private final WakeUps wakeUps;
  private final @Nullable RatePacer global;
  private final @Nullable RateShare share;

  /** Items whose reservation lies ahead, by the time it names. */
  private final PriorityBlockingQueue<LaneItem> reserved =
      new PriorityBlockingQueue<>(11, Comparator.comparingLong(LaneItem::dueNanos));

  private volatile @Nullable RatePacer pacer;
  private volatile boolean shut;

  /**
   * @param global of all that this process sends, if there is such a rate
   * @param share of the destination's rate, where replicas share it
   */
  RateGate(String name, WakeUps wakeUps, @Nullable RatePacer global, @Nullable RateShare share) {
    this.name = name;
    this.share = share;
    this.global = global;
    this.wakeUps = wakeUps;
  }

  /**
   * An item's turn by every rate that it is under.
   *
   * @param batch the pacer of its batch, if there is one
   * @param destination that of its destination
   * @param pacers all that it is under
   * @param atNanos when it may go by each of them
   */
  record Reservation(
      @Nullable RatePacer batch,
      @Nullable RatePacer destination,
      RatePacer[] pacers,
      long[] atNanos) {

    /** Gives back the first so many. */
    private void refund(int count) {
      for (int i = 0; i < count; i++) {
        pacers[i].refund(atNanos[i]);
      }
    }

    /** Gives back what lies ahead: what has passed would let too many go at once. */
    private void refundAhead(long now) {
      for (int i = 0; i < pacers.length; i++) {
        if (atNanos[i] - now > 0) {
          pacers[i].refund(atNanos[i]);
        }
      }
    }
  }

  /**
   * Reserves an attempt of every rate that the item is under: nanoseconds to wait, or -1.
   *
   * <p>The one with the largest burst comes first. While it has to be waited for, nothing is
   * reserved of a smoother one: all who wait for the same period of the first would have taken
   * their turns at the other long before, and go together.
   */
  long reserve(LaneItem item, long now) {
    BatchGate gate = item.shard().gate();
    RatePacer batch = gate.pacer();
    RatePacer own = pacer;
    RatePacer[] pacers = burstiestFirst(batch, gate.tenantPacer(), own, global);
    if (pacers.length == 0) {
      return 0;
    }
    Reservation reservation = new Reservation(batch, own, pacers, new long[pacers.length]);
    int smoothest = pacers[pacers.length - 1].rate().burst();
    long longest = 0;
    for (int i = 0; i < pacers.length; i++) {
      long wait = pacers[i].reserve(now);
      if (wait < 0) {
        reservation.refund(i);
        return refused(now + pacers[i].lookAgainNanos(now));
      }
      reservation.atNanos[i] = now + wait;
      if (wait > 0 && pacers[i].rate().burst() > smoothest) {
        reservation.refund(i + 1);
        return refused(now + wait);
      }
      longest = Math.max(longest, wait);
    }
    shut = longest > 0;
    item.reserved(longest > 0 ? reservation : null);
    return longest;
  }

  private static RatePacer[] burstiestFirst(@Nullable RatePacer... pacers) {
    RatePacer[] sorted = NONE;
    for (RatePacer pacer : pacers) {
      if (pacer != null) {
        int place = sorted.length;
        sorted = Arrays.copyOf(sorted, place + 1);
        while (place > 0 && sorted[place - 1].rate().burst() < pacer.rate().burst()) {
          sorted[place] = sorted[place - 1];
          place--;
        }
        sorted[place] = pacer;
      }
    }
    return sorted;
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
    LaneItem item;
    while ((item = pollDue(now)) != null && isOver(item, now)) {
      // Without its share nothing may go, and the turn is lost with it.
      item.shard().flow().putBack(item);
    }
    return item;
  }

  private static boolean isOver(LaneItem item, long now) {
    Reservation reservation = item.reservation();
    if (reservation != null) {
      for (RatePacer each : reservation.pacers) {
        if (each.isOver(now)) {
          return true;
        }
      }
    }
    return false;
  }

  private @Nullable LaneItem pollDue(long now) {
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
    if (share != null) {
      share.follow(rate);
    }
    pacer = rate == null ? null : new RatePacer(name, rate, share);
    returnStale(now);
  }

  /** Puts items back into their flows that were reserved at a rate which no longer holds. */
  void returnStale(long now) {
    for (LaneItem item : remove(this::isStale, now)) {
      item.shard().flow().putBack(item);
    }
    // Without any rate nobody would say so; who still waits says it again at the next look.
    shut = false;
  }

  /** Removes what is kept with its turns, which go to others. */
  private List<LaneItem> remove(Predicate<LaneItem> which, long now) {
    List<LaneItem> kept = new ArrayList<>();
    List<LaneItem> removed = new ArrayList<>();
    LaneItem item;
    while ((item = reserved.poll()) != null) {
      Reservation reservation = item.reservation();
      if (!which.test(item)) {
        kept.add(item);
      } else {
        removed.add(item);
        if (reservation != null) {
          reservation.refundAhead(now);
        }
      }
    }
    reserved.addAll(kept);
    return removed;
  }

  private boolean isStale(LaneItem item) {
    Reservation reservation = item.reservation();
    return reservation != null
        && (reservation.batch != item.shard().gate().pacer() || reservation.destination != pacer);
  }

  /** Drops what is kept of one batch, or of all: its shards are being given back. */
  void drop(@Nullable Long batchId, long now) {
    var _ = remove(item -> batchId == null || item.shard().gate().batchId() == batchId, now);
  }

  /** Gives the share of the destination's rate, where replicas share it. */
  @Nullable RateShare share() {
    return share;
  }

  /** Tells whether the last item asked for had to wait. */
  boolean isShut() {
    return shut;
  }

  int keptCount() {
    return reserved.size();
  }

  /** Gives how many are kept of one batch. */
  int keptCount(long batchId) {
    int count = 0;
    for (LaneItem item : reserved) {
      count += item.shard().gate().batchId() == batchId ? 1 : 0;
    }
    return count;
  }
}
