package dev.sluice.dispatch;

import dev.sluice.attempt.AttemptTerms;
import dev.sluice.model.BatchOptions;
import dev.sluice.model.Canary;
import dev.sluice.model.DispatchTracer.BatchTrace;
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
  private final long timeoutNanos;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger wakes = new AtomicInteger();
  private final Queue<Lane> waiting = new ConcurrentLinkedQueue<>();
  private final ProcessClock clock;
  private final @Nullable RatePacer tenantPacer;
  private final BatchShares shares;
  private volatile boolean open = true;
  private @Nullable BatchTrace trace;

  /** Replaced under the monitor. */
  private volatile Limits limits;

  /** Held from the start: whether the canary is over is known once the store was asked. */
  private volatile long sendBelow;

  /** Written under the monitor. */
  private volatile int halts;

  /**
   * @param tenantPacer the rate of its tenant, if there is one
   * @param shares of its limits
   */
  BatchGate(
      BatchTerms terms,
      RandomGenerator random,
      ProcessClock clock,
      @Nullable RatePacer tenantPacer,
      BatchShares shares) {
    BatchOptions options = terms.options();
    this.terms = terms;
    this.attemptTerms = AttemptTerms.of(options);
    this.retry = new RetryPolicy(options.retry(), random);
    this.shares = shares;
    shares.follow(options);
    this.limits = Limits.of(terms, null, shares.rate());
    this.tenantPacer = tenantPacer;
    this.timeoutNanos = options.timeout().toNanos();
    this.clock = clock;
    Canary canary = options.canary();
    this.sendBelow = canary == null ? Long.MAX_VALUE : canary.items();
  }

  /** Has its attempts hang on a trace; before anybody else sees it. */
  BatchGate traced(@Nullable BatchTrace by) {
    trace = by;
    return this;
  }

  /** Gives what its attempts hang on; null when they are not traced. */
  @Nullable BatchTrace trace() {
    return trace;
  }

  /** Nothing of the batch is in this process any more. */
  void left() {
    BatchTrace begun = trace;
    if (begun != null) {
      begun.ended();
    }
  }

  /**
   * What of its options can change while it runs, read in one piece.
   *
   * @param maxInFlight {@code Integer.MAX_VALUE} for no limit of its own
   */
  private record Limits(
      long revision, int maxInFlight, @Nullable RatePacer pacer, @Nullable Instant deadline) {

    /**
     * @param before whose pacer stays while the rate does, with what was reserved of it
     */
    static Limits of(BatchTerms terms, @Nullable RatePacer before, @Nullable RateShare share) {
      Integer concurrency = terms.options().concurrency();
      Rate rate = terms.options().rate();
      RatePacer pacer = before;
      if (rate == null) {
        pacer = null;
      } else if (before == null || !before.rate().equals(rate)) {
        pacer = new RatePacer(terms.batch().publicId(), rate, share);
      }
      return new Limits(
          terms.revision(),
          concurrency == null ? Integer.MAX_VALUE : concurrency,
          pacer,
          terms.options().deadline());
    }

    boolean isOver(ProcessClock clock) {
      return deadline != null && !clock.instant().isBefore(deadline);
    }
  }

  /**
   * Takes a place for one attempt of the batch; a lane refused for want of a place is signalled
   * later.
   */
  boolean tryEnter(Lane lane) {
    Limits now = limits;
    if (!open || now.isOver(clock)) {
      return false;
    }
    int count = inFlight.incrementAndGet();
    if (count <= now.maxInFlight && shares.admits(count)) {
      return true;
    }
    inFlight.decrementAndGet();
    if (!waiting.contains(lane)) {
      waiting.add(lane);
    }
    // A place freed between the refusal and the queueing would otherwise wake nobody.
    if (!isFull()) {
      wakeOne();
    }
    return false;
  }

  /**
   * Tells whether its items may be sent or ended now. The store closes a batch a moment after its
   * deadline; nothing goes out in between.
   */
  boolean isOpen() {
    return open && !limits.isOver(clock);
  }

  /** Gives a place back. */
  void exit() {
    inFlight.decrementAndGet();
    if (limits.maxInFlight != Integer.MAX_VALUE) {
      wakeOne();
    }
  }

  /** Wakes the next lane in the stead of one that does not use a place for now. */
  void passOn() {
    if (!waiting.isEmpty() && !isFull()) {
      wakeOne();
    }
  }

  /**
   * Signals waiting lanes until one can use the place; not nested, however often lanes come and go.
   * One that takes nothing after all {@linkplain #passOn passes it on}.
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
    int count = inFlight.get();
    return count >= limits.maxInFlight || shares.isFull(count);
  }

  /** Gives the batch's own rate, if it has one. */
  @Nullable RatePacer pacer() {
    return limits.pacer;
  }

  /** Gives the revision of the options that it keeps to. */
  long revision() {
    return limits.revision;
  }

  /** Follows changed options; the lanes that hold the batch then have to look again. */
  synchronized void follow(BatchTerms changed) {
    if (changed.revision() > limits.revision) {
      shares.follow(changed.options());
      limits = Limits.of(changed, limits.pacer, shares.rate());
    }
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

  /** Gives its shares of its own limits. */
  BatchShares shares() {
    return shares;
  }

  /** Gives its attempts under way. */
  int inFlight() {
    return inFlight.get();
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
