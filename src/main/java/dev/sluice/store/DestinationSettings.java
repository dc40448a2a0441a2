package dev.sluice.store;

import dev.sluice.model.Rate;
import org.jspecify.annotations.Nullable;

/**
 * What an operator set for a destination; null means the default.
 *
 * @param rate attempts per period
 * @param concurrency how many attempts may be in flight
 * @param breaker forced state of the breaker
 */
public record DestinationSettings(
    @Nullable Rate rate, @Nullable Concurrency concurrency, @Nullable BreakerOverride breaker) {

  /** Nothing set. */
  public static final DestinationSettings DEFAULT = new DestinationSettings(null, null, null);

  /** A breaker state forced by an operator. */
  public enum BreakerOverride {
    OPEN,
    CLOSED
  }

  /**
   * How many attempts may be in flight.
   *
   * @param max most attempts; null, which only the adaptive mode allows, means the ceiling
   */
  public record Concurrency(Mode mode, @Nullable Integer max) {

    /** How the limit moves. */
    public enum Mode {
      /** Found by the destination's replies, up to {@code max}. */
      ADAPTIVE,
      /** Always {@code max}. */
      FIXED
    }

    public Concurrency {
      if (max == null && mode == Mode.FIXED) {
        throw new IllegalArgumentException("A fixed concurrency needs a max");
      }
      if (max != null && max < 1) {
        throw new IllegalArgumentException("concurrency must be at least 1, was " + max);
      }
    }

    /** Gives a limit that does not move. */
    public static Concurrency fixed(int max) {
      return new Concurrency(Mode.FIXED, max);
    }
  }
}
