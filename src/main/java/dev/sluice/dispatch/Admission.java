package dev.sluice.dispatch;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

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
    if (!outcomesHaveRoom.getAsBoolean()) {
      return false;
    }
    if (inFlight.incrementAndGet() <= maxInFlight) {
      return true;
    }
    inFlight.decrementAndGet();
    return false;
  }

  private boolean hasRoom() {
    return inFlight.get() < maxInFlight && outcomesHaveRoom.getAsBoolean();
  }

  /** Gives a place back. */
  void exit() {
    inFlight.decrementAndGet();
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

  int inFlight() {
    return inFlight.get();
  }
}
