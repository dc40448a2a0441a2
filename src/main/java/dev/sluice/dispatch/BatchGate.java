package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptTerms;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.Canary;
import dev.sluice.model.ProcessClock;
import dev.sluice.model.Rate;
import dev.sluice.store.ControlBoard.BatchControl;
import dev.sluice.store.ShardQueue.BatchTerms;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What all items of one batch share in this process: its terms, its own limits and whether it may
 * be sent. Any thread.
 */
final class BatchGate {

  private final BatchTerms terms;
  private final AttemptTerms attemptTerms;
  private final RetryPolicy retry;
  private final int maxInFlight;
  private final @Nullable RatePacer pacer;
  private final long timeoutNanos;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger wakes = new AtomicInteger();
  private final Queue<Lane> waiting = new ConcurrentLinkedQueue<>();
  private final ProcessClock clock;
  private final @Nullable RatePacer tenantPacer;
  private final @Nullable Instant deadline;
  private volatile boolean open = true;

  /** Held from the start: whether the canary is over is known once the store was asked. */
  private volatile long sendBelow;

  /** Written under the monitor. */
  private volatile int halts;

  /**
   * @param tenantPacer the rate of its tenant, if there is one
   */
  BatchGate(
      BatchTerms terms,
      RandomGenerator random,
      ProcessClock clock,
      @Nullable RatePacer tenantPacer) {
    BatchOptions options = terms.options();
    Integer concurrency = options.concurrency();
    Rate rate = options.rate();
    this.terms = terms;
    this.attemptTerms = AttemptTerms.of(options);
    this.retry = new RetryPolicy(options.retry(), random);
    this.maxInFlight = concurrency == null ? Integer.MAX_VALUE : concurrency;
    this.pacer = rate == null ? null : new RatePacer(terms.batch().publicId(), rate);
    this.tenantPacer = tenantPacer;
    this.timeoutNanos = options.timeout().toNanos();
    this.clock = clock;
    this.deadline = options.deadline();
    Canary canary = options.canary();
    this.sendBelow = canary == null ? Long.MAX_VALUE : canary.items();
  }

  /**
   * Takes a place for one attempt of the batch; a lane refused for want of a place is signalled
   * later.
   */
  boolean tryEnter(Lane lane) {
    if (!isOpen()) {
      return false;
    }
    if (inFlight.incrementAndGet() <= maxInFlight) {
      return true;
    }
    inFlight.decrementAndGet();
    if (!waiting.contains(lane)) {
      waiting.add(lane);
    }
    // A place freed between the refusal and the queueing would otherwise wake nobody.
    if (inFlight.get() < maxInFlight) {
      wakeOne();
    }
    return false;
  }

  /** The store closes the batch a moment later; nothing goes out in between. */
  private boolean isOver() {
    return deadline != null && !clock.instant().isBefore(deadline);
  }

  /** Tells whether its items may be sent or ended now. */
  boolean isOpen() {
    return open && !isOver();
  }

  /** Gives a place back. */
  void exit() {
    inFlight.decrementAndGet();
    if (maxInFlight != Integer.MAX_VALUE) {
      wakeOne();
    }
  }

  /**
   * Signals waiting lanes until one can use the place; not nested, however often lanes come and go.
   */
  private void wakeOne() {
    if (wakes.getAndIncrement() != 0) {
      return;
    }
    do {
      Lane lane;
      while ((lane = waiting.poll()) != null) {
        boolean useful = lane.couldSend(batchId());
        lane.signal();
        if (useful) {
          break;
        }
      }
    } while (wakes.decrementAndGet() != 0);
  }

  /** Tells whether the batch's own concurrency holds its items now. */
  boolean isFull() {
    return inFlight.get() >= maxInFlight;
  }

  /** Gives the batch's own rate, if it has one. */
  @Nullable RatePacer pacer() {
    return pacer;
  }

  /**
   * Follows what the store says of the batch; gives whether that changed anything.
   *
   * @param haltsBefore what {@link #halts} gave before the store was asked: what was read before a
   *     halt does not undo it
   */
  synchronized boolean follow(BatchControl control, int haltsBefore) {
    if (control.sendable() && halts != haltsBefore) {
      return false;
    }
    long below = control.canary() ? sendBelow : Long.MAX_VALUE;
    boolean changed = open != control.sendable() || sendBelow != below;
    open = control.sendable();
    sendBelow = below;
    return changed;
  }

  /** Sends nothing more: the store has just stopped the batch. */
  synchronized void halt() {
    halts++;
    open = false;
  }

  int halts() {
    return halts;
  }

  /** Gives the index from which on items wait for the canary; {@code Long.MAX_VALUE} for none. */
  long sendBelow() {
    return sendBelow;
  }

  /** Gives the rate of the batch's tenant, if there is one. */
  @Nullable RatePacer tenantPacer() {
    return tenantPacer;
  }

  long batchId() {
    return terms.batch().id();
  }

  BatchTerms terms() {
    return terms;
  }

  AttemptTerms attemptTerms() {
    return attemptTerms;
  }

  /** Gives the largest share of a destination's tries that may be retries of the batch. */
  double retryBudget() {
    return terms.options().retry().budget();
  }

  /** Tells whether the batch's items end at once while the breaker of their destination is open. */
  boolean failsFast() {
    return terms.options().onBreakerOpen() == BatchOptions.OnBreakerOpen.FAIL;
  }

  RetryPolicy retry() {
    return retry;
  }

  long timeoutNanos() {
    return timeoutNanos;
  }
}
