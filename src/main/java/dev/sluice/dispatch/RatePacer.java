package dev.sluice.dispatch;

import dev.sluice.model.Rate;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Spaces attempts evenly: Resilience4j's limiter with the period that holds {@code burst} permits,
 * reserved ahead so that a late wake-up loses no permit. Any thread.
 */
final class RatePacer {

  private static final long LOOKAHEAD_NANOS = 50_000_000;
  private static final long MIN_LOOK_AGAIN_NANOS = 5_000_000;
  private static final long MAX_LOOK_AGAIN_NANOS = 1_000_000_000;

  private final Rate rate;
  private final RateLimiter limiter;
  private final long periodNanos;

  /** Times of reservations that were made and could not be used. */
  private final Queue<Long> refunds = new ConcurrentLinkedQueue<>();

  RatePacer(String name, Rate rate) {
    this.rate = rate;
    // In doubles: permits, period and burst at their bounds overflow a long.
    this.periodNanos =
        (long) Math.max(1, (double) rate.per().toNanos() * rate.burst() / rate.permits());
    this.limiter =
        RateLimiter.of(
            name,
            RateLimiterConfig.custom()
                .limitForPeriod(rate.burst())
                .limitRefreshPeriod(Duration.ofNanos(periodNanos))
                .timeoutDuration(Duration.ofNanos(Math.max(LOOKAHEAD_NANOS, 2 * periodNanos)))
                .build());
  }

  /** Gives the pacer of a rate in properties; null when there is none. */
  static @Nullable RatePacer of(String name, DispatchProperties.@Nullable DefaultRate rate) {
    return rate == null ? null : new RatePacer(name, rate.toRate());
  }

  /**
   * Reserves one attempt: gives the nanoseconds from {@code now} until it may start, or -1 when too
   * many are reserved already.
   */
  long reserve(long now) {
    Long refunded = refunds.poll();
    return refunded == null ? limiter.reservePermission() : Math.max(0, refunded - now);
  }

  /** Takes a reservation back that names {@code at}: the next caller gets it. */
  void refund(long at) {
    refunds.add(at);
  }

  /** Gives how long a refused caller should wait before it asks again. */
  long lookAgainNanos() {
    return Math.clamp(periodNanos, MIN_LOOK_AGAIN_NANOS, MAX_LOOK_AGAIN_NANOS);
  }

  Rate rate() {
    return rate;
  }
}
