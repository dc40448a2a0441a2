package dev.sluice.dispatch;

import dev.sluice.model.Rate;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.time.Duration;

/**
 * Spaces attempts evenly: Resilience4j's limiter with the smallest period that holds {@code burst}
 * permits, reserved ahead so that a late wake-up loses no permit. Any thread.
 */
final class RatePacer {

  private static final Duration LOOKAHEAD = Duration.ofMillis(50);

  private final Rate rate;
  private final RateLimiter limiter;

  RatePacer(String name, Rate rate) {
    this.rate = rate;
    Duration period =
        Duration.ofNanos(Math.max(1, rate.per().toNanos() * rate.burst() / rate.permits()));
    Duration ahead = period.multipliedBy(2);
    this.limiter =
        RateLimiter.of(
            name,
            RateLimiterConfig.custom()
                .limitForPeriod(rate.burst())
                .limitRefreshPeriod(period)
                .timeoutDuration(ahead.compareTo(LOOKAHEAD) > 0 ? ahead : LOOKAHEAD)
                .build());
  }

  /**
   * Reserves one attempt: gives the nanoseconds until it may start, or -1 when too many are
   * reserved already.
   */
  long reserve() {
    return limiter.reservePermission();
  }

  Rate rate() {
    return rate;
  }
}
