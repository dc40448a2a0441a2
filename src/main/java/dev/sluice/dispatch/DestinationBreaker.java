package dev.sluice.dispatch;

import dev.sluice.model.ProcessClock;
import dev.sluice.model.Verdict;
import dev.sluice.store.DestinationSettings.BreakerOverride;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.StateTransition;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A destination's breaker. Failures are what says that the destination is in trouble: no reply, or
 * a retryable status other than 429, which is a request for patience and holds the destination
 * instead; a status of 5xx also when no item is tried again for it. Another refusal of an item is
 * the destination at work. Any thread.
 */
final class DestinationBreaker {

  /** Longer than any attempt: lost probes cannot keep the breaker half-open. */
  private static final Duration MAX_HALF_OPEN = Duration.ofMinutes(11);

  private static final long TOLERANCE_NANOS = DestinationGate.TOLERANCE_NANOS;

  private static final int TOO_MANY_REQUESTS = 429;

  /** 501 and 505 tell of the request. */
  private static final Set<Integer> NOT_IMPLEMENTED = Set.of(501, 505);

  /** While it is not known whether the destination is back, it is asked no more often. */
  private static final long PROBE_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A state that ends by the wall clock may end a little later than the process clock says. */
  private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private static final long ASK_PROBING_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private static final long FORCED_FOR_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final CircuitBreaker breaker;
  private final ProcessClock clock;
  private final IntervalFunction openFor;
  private final Runnable recovered;
  private volatile int openings;
  private volatile long openUntilNanos;

  /** Until when another replica, or an earlier process, said it to be open. */
  private long followed;

  private final AtomicLong nextProbeNanos;

  /**
   * @param recovered told when probes have closed the breaker
   */
  DestinationBreaker(
      String name,
      CircuitBreakerRegistry registry,
      DispatchProperties.Breaker properties,
      ProcessClock clock,
      Runnable recovered) {
    this.clock = clock;
    this.nextProbeNanos = new AtomicLong(clock.nanoTime());
    this.followed = clock.nanoTime();
    this.recovered = recovered;
    this.openFor =
        IntervalFunction.ofExponentialBackoff(properties.openFor(), 2, properties.maxOpenFor());
    this.breaker = registry.circuitBreaker(name, config(properties, openFor, clock));
    breaker
        .getEventPublisher()
        .onStateTransition(event -> transitioned(event.getStateTransition()));
  }

  private static CircuitBreakerConfig config(
      DispatchProperties.Breaker properties, IntervalFunction openFor, ProcessClock clock) {
    return CircuitBreakerConfig.custom()
        .slidingWindowType(CircuitBreakerConfig.SlidingWindowType.TIME_BASED)
        .slidingWindowSize((int) Math.max(1, properties.window().toSeconds()))
        .minimumNumberOfCalls(properties.minimumCalls())
        .failureRateThreshold((float) (properties.failureRatio() * 100))
        .permittedNumberOfCallsInHalfOpenState(properties.probes())
        .maxWaitDurationInHalfOpenState(MAX_HALF_OPEN)
        // Too few probes for a decision, and none of them failed: the destination is not in
        // trouble.
        .transitionToStateAfterWaitDuration(CircuitBreaker.State.CLOSED)
        .waitIntervalFunctionInOpenState(openFor)
        .recordResult(result -> result instanceof Verdict verdict && isFailure(verdict))
        .clock(clock.withZone(ZoneOffset.UTC))
        .currentTimestampFunction(ignored -> clock.nanoTime(), TimeUnit.NANOSECONDS)
        .build();
  }

  private static boolean isFailure(Verdict verdict) {
    return switch (verdict) {
      case Verdict.MaybeSent _, Verdict.NotSent _ -> true;
      case Verdict.Retryable r -> r.reply().statusCode() != TOO_MANY_REQUESTS;
      // Final for the item, when nothing may go twice; trouble for the destination all the same.
      case Verdict.Refused r -> r.statusCode() >= 500 && !NOT_IMPLEMENTED.contains(r.statusCode());
      case Verdict.Succeeded _, Verdict.Denied _, Verdict.Interrupted _ -> false;
    };
  }

  private void transitioned(StateTransition transition) {
    switch (transition) {
      case CLOSED_TO_OPEN -> opened(1);
      case HALF_OPEN_TO_OPEN -> opened(openings + 1);
      case HALF_OPEN_TO_CLOSED -> recovered.run();
      default -> {
        // Only openings have an end to remember.
      }
    }
  }

  private void opened(int count) {
    openings = count;
    openUntilNanos = clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(openFor.apply(count));
  }

  /**
   * Follows that of another replica, or of an earlier process. Where this one is open already its
   * own time comes first. One thread calls.
   *
   * @param until process nanos until which the other stays open; {@code now} when it is not
   * @return whether probes may go earlier than it seemed
   */
  boolean follow(long until, long now) {
    CircuitBreaker.State state = breaker.getState();
    boolean closed =
        state == CircuitBreaker.State.CLOSED || state == CircuitBreaker.State.HALF_OPEN;
    if (closed && until - now > TOLERANCE_NANOS) {
      followed = until;
      breaker.transitionToOpenStateFor(Duration.ofNanos(until - now));
      openUntilNanos = until;
    } else if (state == CircuitBreaker.State.OPEN
        && openUntilNanos == followed
        && followed - until > TOLERANCE_NANOS) {
      followed = now;
      breaker.transitionToHalfOpenState();
      return true;
    }
    return false;
  }

  /** Takes a permission; each one taken is either recorded or released. */
  boolean tryAcquire(long now) {
    CircuitBreaker.State state = breaker.getState();
    if (state == CircuitBreaker.State.CLOSED || state == CircuitBreaker.State.DISABLED) {
      return breaker.tryAcquirePermission();
    }
    long next = nextProbeNanos.get();
    if (next - now > 0 || !nextProbeNanos.compareAndSet(next, now + PROBE_INTERVAL_NANOS)) {
      return false;
    }
    if (breaker.tryAcquirePermission()) {
      return true;
    }
    nextProbeNanos.set(now);
    return false;
  }

  /** Gives a permission back unused. */
  void release(long now) {
    breaker.releasePermission();
    nextProbeNanos.set(now);
  }

  /** Learns from an attempt. */
  void record(Verdict verdict, long nanos) {
    if (verdict instanceof Verdict.Interrupted || verdict instanceof Verdict.Denied) {
      // The destination was not asked.
      breaker.releasePermission();
    } else {
      breaker.onResult(nanos, TimeUnit.NANOSECONDS, verdict);
    }
  }

  /** Gives the process nanos until which nobody passes; {@code now} when somebody may. */
  long refusesUntil(long now) {
    return switch (breaker.getState()) {
      case OPEN -> openUntilNanos;
      case FORCED_OPEN -> forcedUntil(now);
      case HALF_OPEN -> nextProbeNanos.get();
      default -> now;
    };
  }

  /** Gives the process nanos at which a refused caller should ask again. */
  long askAgainAt(long now) {
    boolean probing = breaker.getState() == CircuitBreaker.State.HALF_OPEN;
    return Math.max(refusesUntil(now), now + (probing ? ASK_PROBING_NANOS : ASK_NANOS));
  }

  /**
   * An operator says no end; a time that stays for a while is one that need not be written anew.
   */
  private long forcedUntil(long now) {
    if (openUntilNanos - now <= 0) {
      openUntilNanos = now + FORCED_FOR_NANOS;
    }
    return openUntilNanos;
  }

  /** Follows an operator. */
  void override(@Nullable BreakerOverride wanted) {
    CircuitBreaker.State state = breaker.getState();
    if (wanted == BreakerOverride.OPEN && state != CircuitBreaker.State.FORCED_OPEN) {
      openUntilNanos = clock.nanoTime() + FORCED_FOR_NANOS;
      breaker.transitionToForcedOpenState();
    } else if (wanted == BreakerOverride.CLOSED && state != CircuitBreaker.State.DISABLED) {
      breaker.transitionToDisabledState();
    } else if (wanted == null
        && (state == CircuitBreaker.State.FORCED_OPEN || state == CircuitBreaker.State.DISABLED)) {
      breaker.transitionToClosedState();
    }
  }

  /** Tells whether attempts are refused for now. */
  boolean isOpen() {
    CircuitBreaker.State state = breaker.getState();
    return state == CircuitBreaker.State.OPEN || state == CircuitBreaker.State.FORCED_OPEN;
  }

  /** Gives the state as the API writes it. */
  String state() {
    return switch (breaker.getState()) {
      case OPEN -> "open";
      case HALF_OPEN -> "half_open";
      case FORCED_OPEN -> "forced_open";
      case CLOSED, DISABLED, METRICS_ONLY -> "closed";
    };
  }
}
