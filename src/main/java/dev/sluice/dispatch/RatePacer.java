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
 * reserved ahead so that a late wake-up loses no permit. Where replicas share the rate, each
 * attempt needs one of this replica's share as well. Any thread.
 */
final class RatePacer {

  private static final long LOOKAHEAD_NANOS = 50_000_000;
  private static final long MIN_LOOK_AGAIN_NANOS = 5_000_000;
  private static final long MAX_LOOK_AGAIN_NANOS = 1_000_000_000;

  private final Rate rate;
  private final RateLimiter limiter;
  private final long periodNanos;
  private final @Nullable RateShare share;

  /** Times of reservations that were made and could not be used. */
  private final Queue<Long> refunds = new ConcurrentLinkedQueue<>();

  /** Paces a rate that is this process's own. */
  RatePacer(String name, Rate rate) {
    this(name, rate, null);
  }

  /**
   * @param share of the rate, where replicas share it; it outlives the pacer and so keeps the pace
   */
  RatePacer(String name, Rate rate, @Nullable RateShare share) {
    this.rate = rate;
    this.share = share;
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
    if (share != null) {
      return reserve(share, now);
    }
    Long refunded = refunds.poll();
    return refunded == null ? limiter.reservePermission() : Math.max(0, refunded - now);
  }

  private long reserve(RateShare of, long now) {
    if (isOver(now)) {
      return -1;
    }
    Long refunded = refunds.poll();
    if (refunded != null) {
      return Math.max(0, refunded - now);
    }
    long wait = of.reserve(now);
    if (wait < 0) {
      return -1;
    }
    long paced = limiter.reservePermission();
    if (paced < 0) {
      of.giveBack();
      return -1;
    }
    return Math.max(wait, paced);
  }

  /** Tells whether nothing may go by it now, not even what was reserved: its share has ended. */
  boolean isOver(long now) {
    return share != null && share.isOver(now);
  }

  /** Gives the share of it, where replicas share it. */
  @Nullable RateShare share() {
    return share;
  }

  /** Takes a reservation back that names {@code at}: the next caller gets it. */
  void refund(long at) {
    refunds.add(at);
  }

  /** Gives how long a refused caller should wait before it asks again. */
  long lookAgainNanos(long now) {
    if (share != null) {
      return share.lookAgainNanos(now);
    }
    return Math.clamp(periodNanos, MIN_LOOK_AGAIN_NANOS, MAX_LOOK_AGAIN_NANOS);
  }

  Rate rate() {
    return rate;
  }
}
