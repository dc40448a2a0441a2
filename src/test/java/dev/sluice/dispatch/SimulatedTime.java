package dev.sluice.dispatch;

import dev.sluice.model.ProcessClock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Concurrency on one thread: what threads would do are events on simulated time, and while one of
 * them waits for the store the others go on. Which of those due together comes first is chance, by
 * seed.
 */
final class SimulatedTime implements ProcessClock {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private static final Comparator<Event> ORDER =
      Comparator.comparingLong(Event::at)
          .thenComparingInt(Event::tie)
          .thenComparingLong(Event::number);

  private final PriorityQueue<Event> events = new PriorityQueue<>(64, ORDER);
  private final Random random;
  private long nanos;
  private long number;

  SimulatedTime(Random random) {
    this.random = random;
  }

  /** How long the process of an actor lives, and whether it is stopped for a while. */
  static final class Life {
    private boolean over;
    private long stoppedUntil;

    void end() {
      over = true;
    }

    boolean isOver() {
      return over;
    }

    /** Lets nothing of the process run before {@code nanos}. */
    void stopUntil(long nanos) {
      stoppedUntil = nanos;
    }
  }

  /** A thread: one of its events at a time. */
  static final class Actor {
    private final Life life;
    private boolean busy;

    Actor(Life life) {
      this.life = life;
    }

    /** Tells whether it is within an event, waiting for something. */
    boolean isBusy() {
      return busy;
    }
  }

  /** Unwinds the frames of a process that crashed while it waited for the store. */
  static final class Crashed extends Error {
    private static final long serialVersionUID = 1L;

    Crashed() {
      super("The process crashed", null, false, false);
    }
  }

  private record Event(long at, int tie, long number, Actor actor, Runnable task) {}

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public Instant instant() {
    return START.plusNanos(nanos);
  }

  long elapsedMillis() {
    return TimeUnit.NANOSECONDS.toMillis(nanos);
  }

  /** Plans {@code task} for {@code at}, or for now when that has passed. */
  void at(long at, Actor actor, Runnable task) {
    add(Math.max(at, nanos), actor, task);
  }

  void in(long delay, Actor actor, Runnable task) {
    add(nanos + delay, actor, task);
  }

  private void add(long at, Actor actor, Runnable task) {
    events.add(new Event(at, random.nextInt(), number++, actor, task));
  }

  /** Runs the next event; false when there is none. */
  boolean step() {
    Event event = events.poll();
    if (event == null) {
      return false;
    }
    run(event);
    return true;
  }

  /** Lets {@code span} pass for a caller that waits: everybody who is not waiting goes on. */
  void pass(long span) {
    long until = nanos + span;
    List<Event> delayed = new ArrayList<>();
    while (!events.isEmpty() && events.peek().at <= until) {
      Event event = events.remove();
      if (event.actor.busy) {
        delayed.add(event);
      } else {
        run(event);
      }
    }
    nanos = Math.max(nanos, until);
    events.addAll(delayed);
  }

  private void run(Event event) {
    Actor actor = event.actor;
    if (actor.life.over) {
      return;
    }
    if (actor.life.stoppedUntil > event.at) {
      add(actor.life.stoppedUntil, actor, event.task);
      return;
    }
    nanos = Math.max(nanos, event.at);
    actor.busy = true;
    try {
      event.task.run();
    } catch (Crashed e) {
      if (!actor.life.over) {
        throw e;
      }
    } finally {
      actor.busy = false;
    }
  }
}
