package dev.sluice.store;

import dev.sluice.model.Rate;
import org.jspecify.annotations.Nullable;

/**
 * What an operator set for a destination; null means the default.
 *
 * @param rate attempts per period
 * @param concurrency most attempts in flight
 * @param breaker forced state of the breaker
 */
public record DestinationSettings(
    @Nullable Rate rate, @Nullable Integer concurrency, @Nullable BreakerOverride breaker) {

  /** Nothing set. */
  public static final DestinationSettings DEFAULT = new DestinationSettings(null, null, null);

  /** A breaker state forced by an operator. */
  public enum BreakerOverride {
    OPEN,
    CLOSED
  }

  public DestinationSettings {
    if (concurrency != null && concurrency < 1) {
      throw new IllegalArgumentException("concurrency must be at least 1, was " + concurrency);
    }
  }
}
