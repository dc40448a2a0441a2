package dev.sluice.dispatch;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The gates that all lanes share: attempts in flight in this process, room for outcomes, and
 * whether sending goes on at all. A lane refused here is woken once, in turn, when there is room
 * again. Any thread.
 */
final class Admission {

  private final int maxInFlight;
  private final BooleanSupplier outcomesHaveRoom;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger wakes = new AtomicInteger();
  private final Queue<Lane> waiting = new ConcurrentLinkedQueue<>();

  /** The shard of the one attempt that may be in flight; null while others may. */
  private final AtomicReference<@Nullable ActiveShard> alone = new AtomicReference<>();

  private final AtomicReference<@Nullable Runnable> whenAlone = new AtomicReference<>();
  private volatile boolean open = true;

  Admission(int maxInFlight, BooleanSupplier outcomesHaveRoom) {
    this.maxInFlight = maxInFlight;
    this.outcomesHaveRoom = outcomesHaveRoom;
  }

  /** Takes a place for one attempt; refused lanes are woken later. */
  boolean tryEnter(Lane lane) {
    if (!open) {
      return false;
    }
    if (tryEnter()) {
      return true;
    }
    if (lane.beginWaiting()) {
      waiting.add(lane);
      // A place freed between the refusal and the queueing would otherwise wake nobody.
      if (hasRoom()) {
        wakeOne();
      }
    }
    return false;
  }

  private boolean tryEnter() {
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

  private boolean hasRoom() {
    return alone.get() == null && inFlight.get() < maxInFlight && outcomesHaveRoom.getAsBoolean();
  }

  /**
   * Lets nothing else start, and runs {@code task} once the caller's attempt is the only one in
   * flight.
   *
   * @param shard of the attempt, which has its place already; one at a time
   */
  void beAlone(ActiveShard shard, Runnable task) {
    whenAlone.set(task);
    alone.set(shard);
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

  /** Lets others start again, if this shard kept them. */
  void together(ActiveShard shard) {
    if (alone.compareAndSet(shard, null)) {
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
  void passOn() {
    if (!waiting.isEmpty() && hasRoom()) {
      wakeOne();
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

  boolean isOpen() {
    return open;
  }

  int inFlight() {
    return inFlight.get();
  }
}
