package dev.sluice.model;

/**
 * The items of a batch that are sent first, alone: those with the smallest indexes. The others wait
 * until each of them has its outcome.
 *
 * @param items how many, 1 to 100,000
 * @param maxFailureRatio items of them that may fail ÷ {@code items}, 0 to 1; more halts the batch
 */
public record Canary(int items, double maxFailureRatio) {

  public static final double DEFAULT_MAX_FAILURE_RATIO = 0.1;

  private static final int MAX_ITEMS = 100_000;

  public Canary {
    if (items < 1 || items > MAX_ITEMS) {
      throw new IllegalArgumentException("canary.items must be 1.." + MAX_ITEMS + ", was " + items);
    }
    if (!(maxFailureRatio >= 0 && maxFailureRatio <= 1)) {
      throw new IllegalArgumentException(
          "canary.maxFailureRatio must be 0..1, was " + maxFailureRatio);
    }
  }
}
