package dev.sluice.dispatch;

import dev.sluice.model.ProcessClock;
import dev.sluice.model.Verdict;
import dev.sluice.store.DestinationRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Whether anything may be sent to a destination at all: nobody paused it, it did not ask to be left
 * alone, and its breaker lets it. Any thread.
 */
final class DestinationGate {

  /** What is written of a wait is a little rounded. */
  static final long TOLERANCE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final ProcessClock clock;
  private final DestinationBreaker breaker;
  private final AtomicLong heldUntil;

  /** Until when another replica said that the destination asked to be left alone. */
  private long followed;

  private volatile boolean paused;

  /**
   * @param recovered told when the destination is back after an outage
   */
  DestinationGate(DestinationRecord record, LaneContext context, Runnable recovered) {
    this.clock = context.clock();
    this.breaker =
        new DestinationBreaker(
            record.destination().key(),
            context.breakers(),
            context.properties().breaker(),
            clock,
            recovered);
    this.heldUntil = new AtomicLong(clock.nanoTime());
    this.followed = heldUntil.get();
    // A breaker that was open when its lane or its process ended still is.
    var _ = followParking(record);
  }

  /** Follows what an operator wants. */
  void follow(DestinationRecord record) {
    paused = record.paused() != null;
    breaker.override(record.settings().breaker());
  }

  /**
   * Follows what other replicas found out about the destination; what this one did is never behind
   * what it wrote. One thread calls.
   *
   * @return whether something may go earlier than it seemed
   */
  boolean followParking(DestinationRecord record) {
    long now = clock.nanoTime();
    Instant until = record.parkedUntil();
    long parked =
        until == null ? now : now + Math.max(0, Duration.between(clock.instant(), until).toNanos());
    boolean broken = "breaker".equals(record.parkReason());
    boolean closer = breaker.follow(broken ? parked : now, now);
    return followHold(broken ? now : parked, now) || closer;
  }

  private boolean followHold(long until, long now) {
    long held = heldUntil.get();
    if (until - held > TOLERANCE_NANOS) {
      followed = until;
      return !heldUntil.compareAndSet(held, until);
    }
    if (held == followed && followed - now > TOLERANCE_NANOS && held - until > TOLERANCE_NANOS) {
      // Whoever was asked to wait says that it is over.
      followed = until;
      return heldUntil.compareAndSet(held, until);
    }
    return false;
  }

  boolean isPaused() {
    return paused;
  }

  /**
   * Gives process nanos until which nothing will be sent because of the destination, if that is
   * ahead.
   */
  long blockedUntil(long now) {
    long held = heldUntil.get();
    long broken = breaker.refusesUntil(now);
    return held - broken > 0 ? held : broken;
  }

  /** Gives why it is blocked. */
  String blockReason(long now) {
    return heldUntil.get() - breaker.refusesUntil(now) > 0 ? "hold" : "breaker";
  }

  /** Tells whether the breaker lets nobody pass now. */
  boolean isBroken(long now) {
    return breaker.refusesUntil(now) - now > 0;
  }

  /** Tells whether items that do not want to wait for the breaker end now, instead of a probe. */
  boolean failsFast(long now) {
    return isBroken(now) && breaker.isOpen();
  }

  /** Takes the breaker's permission for one attempt; it is either learned from or released. */
  boolean tryPass(long now) {
    return breaker.tryAcquire(now);
  }

  /** Gives the process nanos at which a lane that may not pass should ask again. */
  long askAgainAt(long now) {
    return breaker.askAgainAt(now);
  }

  /** Gives a permission back unused. */
  void release(long now) {
    breaker.release(now);
  }

  /** Learns from an attempt that passed. */
  void ended(Verdict verdict, long nanos, long now) {
    breaker.record(verdict, nanos);
    Duration wait = verdict.retryAfter();
    if (wait != null) {
      long until = now + wait.toNanos();
      heldUntil.accumulateAndGet(until, (before, asked) -> asked - before > 0 ? asked : before);
    }
  }

  /** Gives the breaker's state as the API writes it. */
  String breakerState() {
    return breaker.state();
  }

  /** Gives until when the destination asked to be left alone, if that is ahead. */
  @Nullable Instant heldUntil(long now) {
    long ahead = heldUntil.get() - now;
    return ahead > 0 ? clock.instant().plusNanos(ahead) : null;
  }
}
