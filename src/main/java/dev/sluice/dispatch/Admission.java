package dev.sluice.dispatch;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The gates that all lanes share: attempts in flight in this process, room for outcomes, whether
 * its leases are surely its own, and whether sending goes on at all. A lane refused here is woken
 * once, in turn, when there is room again. Any thread.
 */
final class Admission {

  private final int maxInFlight;
  private final BooleanSupplier outcomesHaveRoom;
  private final LongPredicate holdsLeases;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger wakes = new AtomicInteger();
  private final Queue<Lane> waiting = new ConcurrentLinkedQueue<>();

  /** Of the item whose attempt alone may be in flight; null while others may. */
  private final AtomicReference<Isolation.@Nullable Stay> alone = new AtomicReference<>();

  private final AtomicReference<@Nullable Runnable> whenAlone = new AtomicReference<>();
  private volatile boolean open = true;

  /** Set while lanes wait for leases that are surely held: nothing else wakes them then. */
  private volatile boolean leasesAwaited;

  /**
   * @param outcomesHaveRoom tells whether another outcome may be awaited
   * @param holdsLeases tells at process nanos whether what was claimed may be begun
   */
  Admission(int maxInFlight, BooleanSupplier outcomesHaveRoom, LongPredicate holdsLeases) {
    this.maxInFlight = maxInFlight;
    this.outcomesHaveRoom = outcomesHaveRoom;
    this.holdsLeases = holdsLeases;
  }

  /** Takes a place for one attempt; refused lanes are woken later. */
  boolean tryEnter(Lane lane, long now) {
    if (!open) {
      return false;
    }
    if (tryEnter(now)) {
      return true;
    }
    if (lane.beginWaiting()) {
      waiting.add(lane);
      // A place freed between the refusal and the queueing would otherwise wake nobody.
      if (hasRoom(now)) {
        wakeOne();
      }
    }
    return false;
  }

  private boolean tryEnter(long now) {
    if (!holdsLeases.test(now)) {
      leasesAwaited = true;
      return false;
    }
    if (alone.get() != null || !outcomesHaveRoom.getAsBoolean()) {
      return false;
    }
    // Looked at again once counted in: who asked to be alone in between waits for this one.
    if (inFlight.incrementAndGet() <= maxInFlight && alone.get() == null) {
      return true;
    }
    countOut();
    return false;
  }

  private void countOut() {
    inFlight.decrementAndGet();
    tellIfAlone();
  }

  private boolean hasRoom(long now) {
    return alone.get() == null
        && inFlight.get() < maxInFlight
        && outcomesHaveRoom.getAsBoolean()
        && holdsLeases.test(now);
  }

  /**
   * Lets nothing else start, and runs {@code task} once the caller's attempt is the only one in
   * flight.
   *
   * @param stay of the attempt's item, which has its place already; one at a time
   */
  void beAlone(Isolation.Stay stay, Runnable task) {
    whenAlone.set(task);
    alone.set(stay);
    tellIfAlone();
  }

  private void tellIfAlone() {
    if (alone.get() != null && inFlight.get() == 1) {
      Runnable task = whenAlone.getAndSet(null);
      if (task != null) {
        task.run();
      }
    }
  }

  /** Lets others start again, if it was this that kept them. */
  void together(Isolation.Stay stay) {
    if (alone.compareAndSet(stay, null)) {
      wakeAll();
    }
  }

  /** Gives a place back. */
  void exit() {
    countOut();
    if (!waiting.isEmpty()) {
      wakeOne();
    }
  }

  /** Wakes the next lane in the stead of one that cannot use a place for now. */
  void passOn(long now) {
    if (!waiting.isEmpty() && hasRoom(now)) {
      wakeOne();
    }
  }

  /** Wakes the lanes that waited for leases to be held, once they are. Called at each tick. */
  void tick(long now) {
    if (leasesAwaited && holdsLeases.test(now)) {
      leasesAwaited = false;
      wakeAll();
    }
  }

  /** Wakes all lanes that wait: outcomes have room again. */
  void wakeAll() {
    for (int count = waiting.size(); count > 0; count--) {
      wakeOne();
    }
  }

  /** Signals one waiting lane; not nested: a lane that finds nothing wakes the next from within. */
  private void wakeOne() {
    if (wakes.getAndIncrement() != 0) {
      return;
    }
    do {
      Lane lane = waiting.poll();
      if (lane != null) {
        lane.endWaiting();
        lane.signal();
      }
    } while (wakes.decrementAndGet() != 0);
  }

  /** Lets nothing start any more. */
  void close() {
    open = false;
  }

  /** Tells whether what has its place already, and had to wait since, may still begin. */
  boolean isOpen(long now) {
    return open && holdsLeases.test(now);
  }

  int inFlight() {
    return inFlight.get();
  }
}
